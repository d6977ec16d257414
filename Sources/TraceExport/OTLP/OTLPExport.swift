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
    try parts(snapshot, ports) { try sink(request($0)) }
  }

  /// A whole request of one `ResourceSpans`.
  static func request(_ part: [UInt8]) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.key("resourceSpans")
      json.array { $0.raw(part) }
    }
    return json.take()
  }

  /// Hands out one `ResourceSpans` after the other.
  private static func parts(_ snapshot: LogSnapshot, _ ports: [String: Int], _ body: ByteSink) throws -> ExportTally {
    var assembly = SpanAssembly(snapshot, ports: ports)
    var parts = OTLPParts()
    let sources = assembly.sources
    try assembly.run { span in try parts.add(span, sources) { part, _ in try body(part) } }
    try parts.finish(sources) { part, _ in try body(part) }
    return parts.tally
  }
}
