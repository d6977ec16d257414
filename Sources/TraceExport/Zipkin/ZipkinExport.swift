import ChainModel
package import TraceLog

/// A log as Zipkin's JSON, version 2: a list of spans. Times are whole microseconds, tags are text; the spans come without
/// the records that they are made of, so an import of it knows when they began and ended, and no threads, queues or waits.
package enum ZipkinExport {
  /// - Throws: what the sink throws.
  package static func write(
    _ snapshot: LogSnapshot, ports: [String: Int] = [:], to sink: ByteSink
  ) throws -> ExportTally {
    var assembly = SpanAssembly(snapshot, ports: ports)
    let sources = assembly.sources
    var json = JSONText()
    json.open("[")
    var tally = ExportTally()
    try assembly.run { span in
      // A process as a whole is no span elsewhere.
      guard span.attributes.text(Key.role) != SpanGroup.Role.process.rawValue else { return }
      tally.spans += 1
      json.newline()
      write(span, sources[span.source], to: &json)
      guard json.count >= OTLPParts.partSize else { return }
      tally.bytes += json.count
      tally.parts += 1
      try sink(json.take())
    }
    json.close("]")
    tally.bytes += json.count
    tally.parts += 1
    try sink(json.take() + [UInt8(ascii: "\n")])
    return tally
  }

  private static func write(_ span: SpanModel, _ source: SpanSource, to json: inout JSONText) {
    json.object { json in
      json.key("traceId")
      json.string(span.trace.hex)
      json.key("id")
      json.string(span.id.hex)
      if span.parent != .none {
        json.key("parentId")
        json.string(span.parent.hex)
      }
      if span.kind != .internal {
        json.key("kind")
        json.string("\(span.kind)".uppercased())
      }
      json.key("name")
      json.string(span.name)
      json.key("timestamp")
      json.integer(span.start / 1000)
      if span.attributes.bool(Key.incomplete) != true {
        json.key("duration")
        // Zipkin has no duration of 0: what took less than a microsecond took one.
        json.integer(max(1, span.end / 1000 - span.start / 1000))
      }
      json.key("localEndpoint")
      json.object { json in
        json.key("serviceName")
        json.string(source.service)
      }
      tags(span, source, to: &json)
    }
  }

  private static func tags(_ span: SpanModel, _ source: SpanSource, to json: inout JSONText) {
    let own = source.attributes.filter {
      $0.key == Key.serviceInstance || $0.key == Key.pid || $0.key == Key.clockMoved
    }
    var list = (span.attributes + own).filter { $0.key != Key.role && $0.key != Key.incomplete }
    if span.status == .error { list.append(Attribute("error", span.attributes.text(Key.errorType) ?? "true")) }
    json.key("tags")
    json.object { json in
      for attribute in list {
        json.key(attribute.key)
        json.string(text(attribute.value))
      }
    }
  }

  private static func text(_ value: AttributeValue) -> String {
    switch value {
    case .string(let text): text
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .double(let number): "\(number)"
    case .bytes(let bytes): Base64.encode(bytes)
    case .array, .list, .empty: ""
    }
  }
}
