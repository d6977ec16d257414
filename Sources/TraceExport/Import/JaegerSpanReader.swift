import ChainModel
import TraceLog

/// Reads one span of Jaeger's JSON.
enum JaegerSpanReader {
  /// Set in a row's source, which is a source already; else it is the text of the process's name in its trace.
  static let inlineProcess: UInt32 = 1 << 31

  /// The last microsecond whose nanoseconds fit into 63 bits.
  private static let latest = Int64.max / 1000 - 1

  private struct Found {
    var start: Int64?
    var duration: Int64?
    var hasTrace = false
    var badTrace: JSONCursor?
    var badID: JSONCursor?
    var parentText: UInt64 = 0
    var references: [(trace: TraceID?, id: UInt64, follows: Bool)] = []
    var tags: JSONCursor?
    var logs: JSONCursor?
  }

  static func read(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    guard try cursor.next() == .object else {
      try intake.odd(.notASpan, field: "", found: cursor.found(), expected: "an object")
      return try cursor.skip()
    }
    var span = RawSpan()
    var claims = SpanClaims()
    var found = Found()
    try cursor.enter()
    while let key = try cursor.key() {
      if cursor.is(key, "traceID") {
        let before = cursor
        found.hasTrace = true
        if let text = try cursor.text() { span.trace = IDText.shortTrace(cursor, text) }
        if span.trace == nil { found.badTrace = before }
      } else if cursor.is(key, "spanID") {
        let before = cursor
        if let text = try cursor.text() { span.id = IDText.shortSpan(cursor, text) ?? 0 }
        found.badID = span.id == 0 ? before : nil
      } else if cursor.is(key, "operationName") {
        if let text = try cursor.text() { span.name = intake.name(cursor, text) }
      } else if cursor.is(key, "processID") {
        if let text = try cursor.text() { span.source = intake.name(cursor, text) }
      } else if cursor.is(key, "process"), try cursor.next() == .object {
        span.source = try JaegerReader.process(&cursor, &intake) | inlineProcess
      } else {
        try rest(&cursor, &intake, key, &span, &claims, &found)
      }
    }
    // The trace may say its id, and its spans not.
    if !found.hasTrace, span.id != 0 { span.trace = TraceID(high: 0, low: 0) }
    if span.trace == nil {
      return try intake.odd(
        .idMissing, field: "traceID", found: found.badTrace?.found(), expected: "1 to 32 hex digits, not all zero")
    }
    if span.id == 0 {
      return try intake.odd(
        .idMissing, field: "spanID", found: found.badID?.found(), expected: "1 to 16 hex digits, not all zero")
    }
    try finish(span, claims, found, &intake)
  }

  private static func rest(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ key: JSONCursor.Text, _ span: inout RawSpan,
    _ claims: inout SpanClaims, _ found: inout Found
  ) throws(ImportError) {
    if cursor.is(key, "startTime") {
      found.start = try time(&cursor, &intake, "startTime")
    } else if cursor.is(key, "duration") {
      found.duration = try time(&cursor, &intake, "duration")
    } else if cursor.is(key, "references") {
      found.references = try references(&cursor, &intake)
    } else if cursor.is(key, "parentSpanID") {
      if let text = try cursor.text() { found.parentText = IDText.shortSpan(cursor, text) ?? 0 }
    } else if cursor.is(key, "tags") {
      _ = try cursor.next()
      found.tags = cursor
      var wanted = claims
      try ValuePairs.read(&cursor, &intake, "tags") { (key, type, value, intake) throws(ImportError) in
        wanted.attributes += 1
        guard SpanClaims.isWanted(value, key) else { return }
        wanted.learn(value.string(of: key), try JaegerValues.read(type, value, &intake), &intake.texts)
      }
      claims = wanted
    } else if cursor.is(key, "logs") {
      _ = try cursor.next()
      found.logs = cursor
      claims.events = try OTLPSpanReader.count(&cursor)
    } else {
      try cursor.skip()
    }
  }

  private static func time(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ field: String
  ) throws(ImportError) -> Int64? {
    let before = cursor
    if let time = try cursor.integer(), time <= latest { return time }
    try intake.odd(
      .valueIgnored, field: field, found: before.found(), expected: "microseconds, at most \(latest)")
    return nil
  }

  private static func finish(
    _ raw: RawSpan, _ claims: SpanClaims, _ found: Found, _ intake: inout SpanIntake
  ) throws(ImportError) {
    var span = raw
    if let start = found.start, start >= 0 {
      span.start = start * 1000 + Int64(claims.startRest)
      let (end, isLate) = start.addingReportingOverflow(found.duration ?? 0)
      span.end = isLate || end > latest ? Int64.max : end * 1000 + Int64(claims.endRest)
      // 0 would mean that it had not ended.
      if let end = span.end { span.end = max(1, end) }
    } else {
      span.start = found.start
    }
    take(found, &span)
    var claims = claims
    claims.links = max(0, found.references.count - 1)
    guard let role = claims.role else { return try intake.add(span, claims) }
    var events: [SpanModel.Event] = []
    if var cursor = found.logs, try cursor.next() == .array {
      try cursor.enter()
      while try cursor.element() { events.append(try event(&cursor, &intake)) }
    }
    var attributes: [Attribute] = []
    if role == SpanGroup.Role.process.rawValue, var cursor = found.tags {
      attributes = try JaegerValues.tags(&cursor, &intake, "tags")
    }
    try OwnSpan.take(span, claims, role, attributes, events, &intake)
  }

  // MARK: Parents

  private static func references(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> [(trace: TraceID?, id: UInt64, follows: Bool)] {
    var list: [(trace: TraceID?, id: UInt64, follows: Bool)] = []
    guard try cursor.enter(.array) else { return list }
    while try cursor.element() {
      guard try cursor.enter(.object) else { continue }
      let before = cursor
      var (trace, id, follows): (TraceID?, UInt64, Bool) = (nil, 0, false)
      while let key = try cursor.key() {
        if cursor.is(key, "refType") {
          if let text = try cursor.text() { follows = cursor.is(text, "FOLLOWS_FROM") }
        } else if cursor.is(key, "traceID") {
          if let text = try cursor.text() { trace = IDText.shortTrace(cursor, text) }
        } else if cursor.is(key, "spanID") {
          if let text = try cursor.text() { id = IDText.shortSpan(cursor, text) ?? 0 }
        } else {
          try cursor.skip()
        }
      }
      if id == 0 {
        try intake.odd(
          .linkWithoutID, field: "references", found: before.found(), expected: "a span id in hex")
      } else {
        list.append((trace, id, follows))
      }
    }
    return list
  }

  /// The parent is the first reference of the same trace whose span is there: `CHILD_OF` before `FOLLOWS_FROM`. Those of
  /// other traces are links.
  private static func take(_ found: Found, _ span: inout RawSpan) {
    let own = found.references.filter { $0.trace == nil || span.trace == nil || $0.trace == span.trace }
    var candidates = own.filter { !$0.follows } + own.filter(\.follows)
    if found.parentText != 0 { candidates.append((nil, found.parentText, false)) }
    guard let first = candidates.first else { return }
    span.parent = first.id
    if first.follows { span.flags.insert(.follows) }
    span.otherParents = candidates.dropFirst().map { ParentReference(id: $0.id, follows: $0.follows) }
  }

  // MARK: Events

  private static func event(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> SpanModel.Event {
    var event = SpanModel.Event(time: 0, name: "")
    guard try cursor.enter(.object) else { return event }
    while let key = try cursor.key() {
      if cursor.is(key, "timestamp") {
        let time = try cursor.integer() ?? 0
        event.time = UInt64(min(max(0, time), latest)) * 1000
      } else if cursor.is(key, "fields") {
        event.attributes = try JaegerValues.tags(&cursor, &intake, "fields")
      } else {
        try cursor.skip()
      }
    }
    event.time += event.attributes.integer(Key.nanoseconds).flatMap { (0..<1000).contains($0) ? UInt64($0) : nil } ?? 0
    event.name = event.attributes.text("event") ?? event.attributes.text("name") ?? ""
    event.attributes.removeAll { $0.key == Key.nanoseconds || $0.key == "event" }
    return event
  }
}
