package import TraceLog

/// Takes bytes, in order, and puts them where they belong.
package typealias ByteSink = ([UInt8]) throws -> Void

/// What an export has done.
package struct ExportTally: Hashable, Sendable {
  package internal(set) var spans = 0
  /// Pieces that were handed over one by one: requests to a collector, or parts of a file.
  package internal(set) var parts = 0
  package internal(set) var bytes = 0

  package init() {}
}

/// A log as OTLP/JSON: `ExportTraceServiceRequest`, which is `TracesData`.
///
/// Spans of one process stand together below its resource and come as soon as they are complete, so a document names a
/// resource more than once. The events of a span are its records with all their fields, so that `import otlp` gives the
/// same log again; what belongs to no request stands in the span `process NAME` of each process, in a trace of its own.
/// A span that was open when the log was read ends at that moment and has `chainlab.incomplete`.
package enum OTLPExport {
  /// Spans of a process are written when they have grown to this many bytes: far below the 64 MiB that a collector takes.
  static let partSize = 1 << 20

  /// One document.
  /// - Throws: what the sink throws.
  package static func write(
    _ snapshot: LogSnapshot, ports: [String: Int] = [:], to sink: ByteSink
  ) throws -> ExportTally {
    var json = JSONText()
    json.open("{")
    json.key("resourceSpans")
    json.open("[")
    try sink(json.take())
    let tally = try parts(snapshot, ports) { part in
      json.newline()
      json.raw(part)
      try sink(json.take())
    }
    json.close("]")
    json.close("}")
    try sink(json.take() + [UInt8(ascii: "\n")])
    return tally
  }

  /// One document a line, each of at most about a megabyte: the file exporter's `.jsonl`, and the requests to a collector.
  /// The sink is given one whole document at a time, without the line's end.
  /// - Throws: what the sink throws.
  package static func writeRequests(
    _ snapshot: LogSnapshot, ports: [String: Int] = [:], to sink: ByteSink
  ) throws -> ExportTally {
    try parts(snapshot, ports) { part in
      var json = JSONText()
      json.object { json in
        json.key("resourceSpans")
        json.array { $0.raw(part) }
      }
      try sink(json.take())
    }
  }

  /// Hands out one `ResourceSpans` after the other.
  private static func parts(_ snapshot: LogSnapshot, _ ports: [String: Int], _ body: ByteSink) throws -> ExportTally {
    var assembly = SpanAssembly(snapshot, ports: ports)
    let sources = assembly.sources
    var pending = Array(repeating: JSONText(), count: sources.count)
    var tally = ExportTally()
    func flush(_ source: Int) throws {
      guard pending[source].count > 0 else { return }
      let part = resourceSpans(sources[source], spans: pending[source].take())
      pending[source] = JSONText()
      tally.parts += 1
      tally.bytes += part.count
      try body(part)
    }
    try assembly.run { span in
      tally.spans += 1
      OTLPSpanText.write(span, to: &pending[span.source])
      if pending[span.source].count >= partSize { try flush(span.source) }
    }
    for source in sources.indices { try flush(source) }
    return tally
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
