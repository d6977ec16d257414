import ChainModel
import TraceLog

/// Reads OTLP/JSON: one `ExportTraceServiceRequest`, or one a line. Fields that it does not know are ignored, numbers may
/// be text, ids may be of either case, and enumerations may be named, as some writers do against the rule.
struct OTLPReader {
  private(set) var document = ImportDocument()

  /// - Throws: for the first record that makes no sense.
  mutating func read(_ value: JSONValue, line: Int? = nil) throws(ImportError) {
    let root = try DocumentRecord(value, at: line.map { "line \($0)" } ?? "")
    guard root["resourceSpans"] != nil else {
      throw ImportError(
        record: line.map { "line \($0)" } ?? "the document", field: "resourceSpans", found: "nothing",
        expected: "a list, as OTLP/JSON has it")
    }
    for resourceSpans in try root.records("resourceSpans") { try read(resourceSpans: resourceSpans) }
  }

  private mutating func read(resourceSpans: DocumentRecord) throws(ImportError) {
    let attributes = try resourceSpans.record("resource").map { resource throws(ImportError) in
      try Self.attributes(resource)
    }
    let source = document.source(SpanSource(attributes: attributes ?? []))
    for scopeSpans in try resourceSpans.records("scopeSpans") {
      for span in try scopeSpans.records("spans") { try read(span, source) }
    }
  }

  private mutating func read(_ record: DocumentRecord, _ source: Int) throws(ImportError) {
    guard let trace = try record.text("traceId").flatMap({ TraceID(hex: $0) }) else {
      throw record.wrong("traceId", "32 hex digits, not all zero")
    }
    guard let id = try record.text("spanId").flatMap({ SpanID(hex: $0) }) else {
      throw record.wrong("spanId", "16 hex digits, not all zero")
    }
    guard let start = try record.unsigned("startTimeUnixNano"), start > 0 else {
      throw record.wrong("startTimeUnixNano", "nanoseconds since 1970, more than 0")
    }
    let end = try record.unsigned("endTimeUnixNano") ?? 0
    guard end == 0 || end >= start else {
      throw record.wrong("endTimeUnixNano", "0 or at least startTimeUnixNano (\(start))")
    }
    var span = SpanModel(
      source: source, trace: trace, id: id, parent: try Self.parent(record), name: try record.text("name") ?? "",
      kind: try Self.kind(record), start: start, end: max(start, end))
    span.attributes = try Self.attributes(record)
    if end == 0 { span.attributes.append(Attribute(Key.incomplete, true)) }
    if let flags = try record.unsigned("flags"), flags & 0x100 != 0 { span.isParentRemote = flags & 0x200 != 0 }
    try readEvents(record, into: &span)
    try readStatus(record, into: &span)
    span.dropped = SpanModel.Dropped(
      attributes: try record.unsigned("droppedAttributesCount") ?? 0,
      events: try record.unsigned("droppedEventsCount") ?? 0, links: try record.unsigned("droppedLinksCount") ?? 0)
    document.add(span, at: record.place)
  }

  private static func parent(_ record: DocumentRecord) throws(ImportError) -> SpanID {
    guard let text = try record.text("parentSpanId"), !text.isEmpty else { return .none }
    if text.utf8.count == 16, text.utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) { return .none }
    guard let parent = SpanID(hex: text) else {
      throw record.wrong("parentSpanId", "16 hex digits, or nothing for a root")
    }
    return parent
  }

  private static let kinds: [String: SpanKind] = [
    "SPAN_KIND_UNSPECIFIED": .internal, "SPAN_KIND_INTERNAL": .internal, "SPAN_KIND_SERVER": .server,
    "SPAN_KIND_CLIENT": .client, "SPAN_KIND_PRODUCER": .producer, "SPAN_KIND_CONSUMER": .consumer,
  ]

  /// An unspecified kind is internal, as the specification has it.
  private static func kind(_ record: DocumentRecord) throws(ImportError) -> SpanKind {
    guard let value = record["kind"] else { return .internal }
    if case .string(let name) = value, let kind = kinds[name] { return kind }
    guard let number = value.integer, (0...5).contains(number) else { throw record.wrong("kind", "0 to 5") }
    return SpanKind(rawValue: UInt8(number)) ?? .internal
  }

  private func readEvents(_ record: DocumentRecord, into span: inout SpanModel) throws(ImportError) {
    for event in try record.records("events") {
      span.events.append(
        SpanModel.Event(
          time: try event.unsigned("timeUnixNano") ?? span.start, name: try event.text("name") ?? "",
          attributes: try Self.attributes(event)))
    }
    for link in try record.records("links") {
      guard let trace = try link.text("traceId").flatMap({ TraceID(hex: $0) }),
        let id = try link.text("spanId").flatMap({ SpanID(hex: $0) })
      else { throw link.wrong("spanId", "a trace id of 32 and a span id of 16 hex digits") }
      span.links.append(SpanModel.Link(trace: trace, span: id))
    }
  }

  private func readStatus(_ record: DocumentRecord, into span: inout SpanModel) throws(ImportError) {
    guard let status = try record.record("status") else { return }
    span.message = try status.text("message") ?? ""
    guard let value = status["code"] else { return }
    let names = ["STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2]
    var code = value.integer.flatMap { Int(exactly: $0) }
    if case .string(let name) = value, let named = names[name] { code = named }
    guard let code, let known = SpanModel.Status(rawValue: code) else { throw status.wrong("code", "0, 1 or 2") }
    span.status = known
  }

  // MARK: Attributes

  private static func attributes(_ record: DocumentRecord) throws(ImportError) -> [Attribute] {
    var list: [Attribute] = []
    for pair in try record.records("attributes") {
      guard let key = try pair.text("key") else { throw pair.wrong("key", "text") }
      list.append(Attribute(key, try value(pair, "value")))
    }
    return list
  }

  private static func value(_ record: DocumentRecord, _ field: String) throws(ImportError) -> AttributeValue {
    guard let any = try record.record(field) else { return .empty }
    return try value(any)
  }

  /// An AnyValue; of a kind that is not known here, it is empty.
  private static func value(_ any: DocumentRecord) throws(ImportError) -> AttributeValue {
    if let text = try any.text("stringValue") { return .string(text) }
    if let flag = try any.bool("boolValue") { return .bool(flag) }
    if let value = any["intValue"] {
      guard let number = value.integer else { throw any.wrong("intValue", "a whole number of 64 bits") }
      return .integer(number)
    }
    if let value = any["doubleValue"] {
      guard let number = double(value) else { throw any.wrong("doubleValue", "a number, NaN or Infinity") }
      return .double(number)
    }
    if let text = try any.text("bytesValue") {
      guard let bytes = Base64.decode(text) else { throw any.wrong("bytesValue", "base64") }
      return .bytes(bytes)
    }
    if let array = try any.record("arrayValue") {
      var values: [AttributeValue] = []
      for element in try array.records("values") { values.append(try value(element)) }
      return .array(values)
    }
    guard let list = try any.record("kvlistValue") else { return .empty }
    var pairs: [Attribute] = []
    for pair in try list.records("values") {
      pairs.append(Attribute(try pair.text("key") ?? "", try value(pair, "value")))
    }
    return .list(pairs)
  }

  private static func double(_ value: JSONValue) -> Double? {
    switch value {
    case .number(let text): Double(text)
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    case .string(let text): text.utf8.count <= 40 ? Double(text) : nil
    default: nil
    }
  }
}
