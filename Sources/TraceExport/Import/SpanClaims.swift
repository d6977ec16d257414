import ChainModel
import TraceLog

/// What the attributes of a span say that a log has room for.
struct SpanClaims {
  /// Of a chainlab export.
  var role: String?
  var ownID: UInt64?
  var ownName: String?
  var thread: UInt32 = 0
  var resend: UInt32 = 0
  var status: UInt16 = 0
  var error: UInt32 = 0
  var kind: UInt8 = 0
  var failed = false
  var open = false
  var flags: Int64 = 0
  /// Of Jaeger's times: the nanoseconds behind their microseconds.
  var startRest: UInt64 = 0
  var endRest: UInt64 = 0
  var isParentRemote: Bool?
  /// How many the span has, and how many of them are kept.
  var attributes = 0
  var kept = 0
  var events = 0
  var links = 0

  /// Whether `learn` wants it: this is asked of every attribute of every span.
  @inline(__always)
  static func isWanted(_ cursor: JSONCursor, _ key: JSONCursor.Text) -> Bool {
    guard key.end > key.start else { return false }
    switch cursor.bytes[key.start] {
    case UInt8(ascii: "c"): return cursor.starts(key, "chainlab.")
    case UInt8(ascii: "t"): return cursor.is(key, "thread.id")
    case UInt8(ascii: "h"):
      return cursor.is(key, "http.response.status_code") || cursor.is(key, "http.status_code")
        || cursor.is(key, "http.request.resend_count")
    case UInt8(ascii: "e"): return cursor.is(key, "error.type") || cursor.is(key, "error")
    case UInt8(ascii: "s"): return cursor.is(key, "span.kind")
    case UInt8(ascii: "o"): return cursor.is(key, "otel.status_code")
    default: return false
    }
  }

  mutating func learn(_ key: String, _ value: AttributeValue, _ texts: inout TextTable) {
    kept += 1
    switch key {
    case Key.threadID: thread = UInt32(clamping: value.integer ?? 0)
    case Key.resendCount: resend = UInt32(clamping: min(value.integer ?? 0, 1_000_000))
    case Key.status, "http.status_code":
      if status == 0, let code = value.integer, (1...999).contains(code) { status = UInt16(code) }
    case Key.errorType: error = texts.id(value.text ?? "")
    case "error":
      switch value {
      case .bool(true), .string("true"): failed = true
      default: break
      }
    case "otel.status_code": failed = failed || value.text == "ERROR"
    case "span.kind": kind = value.text.flatMap { KindText.kind($0) } ?? 0
    case Key.incomplete: open = value.bool == true
    case Key.role: role = value.text
    case Key.span: ownID = value.text.flatMap { SpanID(hex: $0)?.rawValue }
    case Key.spanName: ownName = value.text
    case Key.parentRemote: isParentRemote = value.bool
    case Key.startNanoseconds: startRest = Self.rest(value)
    case Key.endNanoseconds: endRest = Self.rest(value)
    default: kept -= 1
    }
  }

  private static func rest(_ value: AttributeValue) -> UInt64 {
    value.integer.flatMap { (0..<1000).contains($0) ? UInt64($0) : nil } ?? 0
  }
}

extension SpanIntake {
  mutating func name(_ cursor: JSONCursor, _ text: JSONCursor.Text) -> UInt32 {
    guard text.isPlain else { return texts.id(cursor.string(of: text)) }
    let part = UnsafeBufferPointer(rebasing: cursor.bytes[text.start..<text.end])
    // Text that is no UTF-8 is mended on the way through a string.
    return part.allSatisfy { $0 < 0x80 } ? texts.id(part) : texts.id(cursor.string(of: text))
  }

  /// A span of another system, with what its attributes say.
  mutating func add(_ raw: RawSpan, _ claims: SpanClaims) throws(ImportError) {
    var span = raw
    span.thread = claims.thread
    span.resend = claims.resend
    span.status = claims.status
    span.error = claims.error
    if span.kind == 0 { span.kind = claims.kind }
    if claims.failed { span.flags.insert(.failed) }
    if claims.open { span.end = nil }
    counts.attributes += claims.attributes - claims.kept
    counts.events += claims.events
    counts.links += claims.links
    try add(span)
  }
}

/// A span that a chainlab export wrote: its events are the log's records.
enum OwnSpan {
  static func take(
    _ raw: RawSpan, _ claims: SpanClaims, _ roleName: String, _ attributes: [Attribute],
    _ events: [SpanModel.Event], _ intake: inout SpanIntake
  ) throws(ImportError) {
    let first = intake.records.count
    if let role = SpanGroup.Role(rawValue: roleName), let trace = raw.trace {
      let id = claims.ownID ?? raw.id
      let remote = claims.isParentRemote ?? (claims.flags & 0x100 != 0 && claims.flags & 0x200 != 0)
      let facts = SpanFacts(
        role: role, trace: trace, id: id, parent: raw.parent, name: claims.ownName ?? intake.texts[raw.name],
        kind: SpanKind(rawValue: raw.kind == 0 ? claims.kind : raw.kind) ?? .internal, isParentRemote: remote)
      for event in events { add(event, facts, id, &intake) }
    } else if roleName != "queue" {
      return try intake.add(raw, claims)
    }
    let rows = intake.rows.count
    var row = raw
    row.flags = .own
    row.name = UInt32(clamping: first)
    row.error = UInt32(clamping: intake.records.count - first)
    if row.kind == 0 { row.kind = claims.kind }
    // The own log says when it was open; the row is only for those that belong to it.
    row.end = max(row.end ?? 0, row.start ?? 0)
    try intake.add(row)
    guard intake.rows.count > rows else { return intake.records.removeLast(intake.records.count - first) }
    if roleName == SpanGroup.Role.process.rawValue {
      intake.processSpans.append(SpanIntake.ProcessSpan(row: rows, attributes: attributes))
    }
  }

  private static func add(
    _ event: SpanModel.Event, _ facts: SpanFacts, _ id: UInt64, _ intake: inout SpanIntake
  ) {
    guard let form = RecordRow.row(ofEvent: event.name) else { return intake.counts.events += 1 }
    func put(_ record: Record, _ name: String) {
      var record = record
      record.time = event.time
      record.name = intake.texts.id(name)
      intake.records.append(record)
    }
    guard form.kind == .attribute else {
      let (record, name) = form.record(event.attributes, defaults: facts.defaults(of: form.kind))
      return put(record, name)
    }
    let name = event.attributes.text(Key.attributeKey) ?? ""
    for record in TextPieces.records(event.attributes, span: id) { put(record, name) }
  }
}
