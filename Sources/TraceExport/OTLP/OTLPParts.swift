/// Gathers spans by the process that wrote them, and hands out one `ResourceSpans` after the other.
struct OTLPParts {
  /// Spans of a process are handed out when they have grown to this many bytes: far below the 64 MiB that a collector
  /// takes.
  static let partSize = 1 << 20

  private(set) var tally = ExportTally()
  /// By source.
  private var pending: [(text: JSONText, spans: Int)] = []

  /// Takes a part, and how many spans are in it.
  typealias Body = ([UInt8], Int) throws -> Void

  mutating func add(_ span: SpanModel, _ sources: [SpanSource], _ body: Body) throws {
    while pending.count <= span.source { pending.append((JSONText(), 0)) }
    tally.spans += 1
    OTLPSpanText.write(span, to: &pending[span.source].text)
    pending[span.source].spans += 1
    if pending[span.source].text.count >= Self.partSize { try flush(span.source, sources, body) }
  }

  /// Hands out the rest.
  mutating func finish(_ sources: [SpanSource], _ body: Body) throws {
    for source in pending.indices { try flush(source, sources, body) }
  }

  private mutating func flush(_ source: Int, _ sources: [SpanSource], _ body: Body) throws {
    guard pending[source].spans > 0 else { return }
    let spans = pending[source].spans
    let part = Self.resourceSpans(sources[source], spans: pending[source].text.take())
    pending[source] = (JSONText(), 0)
    tally.parts += 1
    tally.bytes += part.count
    try body(part, spans)
  }

  private static func resourceSpans(_ source: SpanSource, spans: [UInt8]) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.key("resource")
      json.object { OTLPSpanText.attributes(source.attributes, dropped: 0, to: &$0) }
      json.key("scopeSpans")
      json.array { json in
        json.object { json in
          json.key("scope")
          json.object { json in
            json.key("name")
            json.string("chainlab")
          }
          json.key("spans")
          json.array { $0.raw(spans) }
        }
      }
    }
    return json.take()
  }
}
