import ChainModel
import TraceLog

/// Reads the JSON of Jaeger's query service and UI. Times are whole microseconds; the nanoseconds behind them, where the
/// writer was chainlab, stand in tags.
struct JaegerReader {
  private(set) var document = ImportDocument()

  /// - Throws: for the first record that makes no sense.
  mutating func read(_ value: JSONValue) throws(ImportError) {
    if case .array = value { return try read(traces: value, at: "") }
    let root = try DocumentRecord(value, at: "the document")
    if let data = root["data"] {
      if case .array = data { return try read(traces: data, at: "data") }
      return try read(trace: DocumentRecord(data, at: "data"))
    }
    guard root["spans"] != nil else { throw root.wrong("data", "a list of traces, as Jaeger has it") }
    try read(trace: DocumentRecord(value, at: "trace"))
  }

  private mutating func read(traces value: JSONValue, at place: String) throws(ImportError) {
    guard case .array(let traces) = value else { return }
    for (index, trace) in traces.enumerated() {
      try read(trace: DocumentRecord(trace, at: "\(place)[\(index)]"))
    }
  }

  private mutating func read(trace: DocumentRecord) throws(ImportError) {
    var processes: [String: Int] = [:]
    if let map = try trace.record("processes") {
      for member in map.members {
        let process = try DocumentRecord(member.value, at: "\(trace.place).processes.\(member.key)")
        processes[member.key] = document.source(try Self.source(process))
      }
    }
    for span in try trace.records("spans") { try read(span, processes) }
  }

  private static func source(_ process: DocumentRecord) throws(ImportError) -> SpanSource {
    let name = try process.text("serviceName") ?? ""
    let service = Attribute(Key.serviceName, name.isEmpty ? "unknown_service" : name)
    return SpanSource(attributes: [service] + (try tags(process, "tags")))
  }

  private mutating func read(_ record: DocumentRecord, _ processes: [String: Int]) throws(ImportError) {
    guard let trace = try record.text("traceID").flatMap({ Self.trace($0) }) else {
      throw record.wrong("traceID", "1 to 32 hex digits, not all zero")
    }
    guard let id = try record.text("spanID").flatMap({ Self.span($0) }) else {
      throw record.wrong("spanID", "1 to 16 hex digits, not all zero")
    }
    guard let start = try record.unsigned("startTime"), start <= Self.latest else {
      throw record.wrong("startTime", "microseconds since 1970, from 0 to \(Self.latest)")
    }
    guard let duration = try record.unsigned("duration"), duration <= Self.latest - start else {
      throw record.wrong("duration", "microseconds, from 0 to \(Self.latest - start)")
    }
    let source = try source(record, processes)
    var span = SpanModel(
      source: source, trace: trace, id: id, name: try record.text("operationName") ?? "", kind: .internal,
      start: start * 1000, end: (start + duration) * 1000)
    span.attributes = try Self.tags(record, "tags")
    try readReferences(record, into: &span)
    for log in try record.records("logs") {
      span.events.append(try Self.event(log))
    }
    readTags(&span)
    document.add(span, at: record.place)
  }

  /// The last microsecond whose nanoseconds fit into 63 bits.
  private static let latest = UInt64(Int64.max) / 1000 - 1

  private mutating func source(_ record: DocumentRecord, _ processes: [String: Int]) throws(ImportError) -> Int {
    if let process = try record.record("process") { return document.source(try Self.source(process)) }
    guard let name = try record.text("processID"), let source = processes[name] else {
      throw record.wrong("processID", "one of the trace's processes")
    }
    return source
  }

  // MARK: Ids

  /// Jaeger writes ids without leading zeros, and traces of 64 bits.
  private static func trace(_ text: String) -> TraceID? {
    guard (1...32).contains(text.utf8.count) else { return nil }
    return TraceID(hex: String(repeating: "0", count: 32 - text.utf8.count) + text)
  }

  private static func span(_ text: String) -> SpanID? {
    guard (1...16).contains(text.utf8.count) else { return nil }
    return SpanID(hex: String(repeating: "0", count: 16 - text.utf8.count) + text)
  }

  /// The parent is the first `CHILD_OF` of the same trace, or else the first `FOLLOWS_FROM`; all others are links.
  private func readReferences(_ record: DocumentRecord, into span: inout SpanModel) throws(ImportError) {
    var follows: SpanModel.Link?
    for reference in try record.records("references") {
      guard let trace = try reference.text("traceID").flatMap({ Self.trace($0) }),
        let id = try reference.text("spanID").flatMap({ Self.span($0) })
      else { throw reference.wrong("spanID", "a trace id and a span id in hex") }
      let isChild = try reference.text("refType") != "FOLLOWS_FROM"
      let link = SpanModel.Link(trace: trace, span: id)
      if trace == span.trace, isChild, span.parent == .none {
        span.parent = id
      } else if trace == span.trace, !isChild, follows == nil {
        follows = link
      } else {
        span.links.append(link)
      }
    }
    if span.parent == .none, let text = try record.text("parentSpanID"), !text.isEmpty {
      span.parent = Self.span(text) ?? .none
    }
    guard let follows else { return }
    if span.parent == .none { span.parent = follows.span } else { span.links.append(follows) }
  }

  // MARK: Tags

  /// Kind and error stand in tags; so do the nanoseconds of a chainlab export.
  private func readTags(_ span: inout SpanModel) {
    let kinds: [String: SpanKind] = [
      "server": .server, "client": .client, "producer": .producer, "consumer": .consumer, "internal": .internal,
    ]
    span.kind = span.attributes.text("span.kind").flatMap { kinds[$0] } ?? .internal
    switch span.attributes["error"] {
    case .bool(true), .string("true"): span.status = .error
    default: break
    }
    if span.attributes.text("otel.status_code") == "ERROR" { span.status = .error }
    if let remote = span.attributes.bool("chainlab.parent.remote") { span.isParentRemote = remote }
    if let rest = span.attributes.integer(Key.startNanoseconds), (0..<1000).contains(rest) {
      span.start += UInt64(rest)
    }
    if let rest = span.attributes.integer(Key.endNanoseconds), (0..<1000).contains(rest) {
      span.end += UInt64(rest)
    }
    span.end = max(span.end, span.start)
    let told: Set<String> = [
      "span.kind", "error", "otel.status_code", "chainlab.parent.remote", Key.startNanoseconds, Key.endNanoseconds,
    ]
    span.attributes.removeAll { told.contains($0.key) }
  }

  private static func event(_ log: DocumentRecord) throws(ImportError) -> SpanModel.Event {
    guard let time = try log.unsigned("timestamp"), time <= latest else {
      throw log.wrong("timestamp", "microseconds since 1970")
    }
    var fields = try tags(log, "fields")
    let rest = fields.integer(Key.nanoseconds).flatMap { (0..<1000).contains($0) ? UInt64($0) : nil } ?? 0
    let name = fields.text("event") ?? fields.text("name") ?? ""
    fields.removeAll { $0.key == Key.nanoseconds || $0.key == "event" }
    return SpanModel.Event(time: time * 1000 + rest, name: name, attributes: fields)
  }

  private static func tags(_ record: DocumentRecord, _ field: String) throws(ImportError) -> [Attribute] {
    var list: [Attribute] = []
    for tag in try record.records(field) {
      guard let key = try tag.text("key") else { throw tag.wrong("key", "text") }
      list.append(Attribute(key, try value(tag)))
    }
    return list
  }

  private static func value(_ tag: DocumentRecord) throws(ImportError) -> AttributeValue {
    switch try tag.text("type") {
    case "bool":
      if case .string(let text) = tag["value"], text == "true" || text == "false" { return .bool(text == "true") }
      return .bool(try tag.bool("value") ?? false)
    case "int64":
      guard let value = tag["value"] else { return .empty }
      guard let number = value.integer else { throw tag.wrong("value", "a whole number of 64 bits") }
      return .integer(number)
    case "float64":
      guard case .number(let text) = tag["value"], let number = Double(text) else { return .empty }
      return .double(number)
    case "binary": return try tag.text("value").flatMap { Base64.decode($0) }.map { .bytes($0) } ?? .empty
    default: return untyped(tag["value"])
    }
  }

  private static func untyped(_ value: JSONValue?) -> AttributeValue {
    switch value {
    case .string(let text): .string(text)
    case .bool(let flag): .bool(flag)
    case .number(let text): Int64(text).map { .integer($0) } ?? Double(text).map { .double($0) } ?? .empty
    default: .empty
    }
  }
}
