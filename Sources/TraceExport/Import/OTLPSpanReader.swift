import ChainModel
import TraceLog

/// Reads one span of OTLP/JSON.
enum OTLPSpanReader {
  /// What is read a second time, once it is known whose span it is.
  private struct Later {
    var attributes: JSONCursor?
    var events: JSONCursor?
  }

  static func read(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    var span = RawSpan()
    var facts = SpanClaims()
    var later = Later()
    var dropped: UInt64 = 0
    var missing: MissingID?
    try cursor.enter()
    while let key = try cursor.key() {
      if cursor.is(key, "traceId") {
        span.trace = try traceID(&cursor, &intake, &missing)
      } else if cursor.is(key, "spanId") {
        span.id = try spanID(&cursor, &intake, &missing)
      } else if cursor.is(key, "parentSpanId") {
        span.parent = try parentID(&cursor, &intake)
      } else if cursor.is(key, "name") {
        if let text = try cursor.text() { span.name = intake.name(cursor, text) }
      } else if cursor.is(key, "kind") {
        span.kind = try kind(&cursor, &intake)
      } else if cursor.is(key, "startTimeUnixNano") {
        span.start = try time(&cursor, &intake, "startTimeUnixNano")
      } else if cursor.is(key, "endTimeUnixNano") {
        span.end = try time(&cursor, &intake, "endTimeUnixNano")
      } else if cursor.is(key, "attributes") {
        _ = try cursor.next()
        later.attributes = cursor
        try claims(&cursor, &intake, &facts)
      } else if cursor.is(key, "events") {
        _ = try cursor.next()
        later.events = cursor
        facts.events = try count(&cursor)
      } else if cursor.is(key, "links") {
        facts.links = try links(&cursor, &intake)
      } else if cursor.is(key, "status") {
        if try failed(&cursor, &intake) { span.flags.insert(.failed) }
      } else if cursor.is(key, "flags") {
        facts.flags = try cursor.integer() ?? 0
      } else if cursor.starts(key, "dropped") {
        dropped &+= UInt64(max(0, try cursor.integer() ?? 0))
      } else {
        try cursor.skip()
      }
    }
    guard span.trace != nil, span.id != 0 else {
      let what = missing ?? MissingID(of: span.trace == nil ? "traceId" : "spanId", found: nil)
      return try intake.odd(.idMissing, field: what.field, found: what.found, expected: what.expected)
    }
    if let role = facts.role {
      return try readOwn(span, facts, role, later, &intake)
    }
    intake.counts.dropped &+= dropped
    try intake.add(span, facts)
  }

  // MARK: Ids

  /// The first id that is none.
  private struct MissingID {
    var field: String
    var found: String?

    init(of field: String, found: String?) {
      self.field = field
      self.found = found
    }

    var expected: String { "\(field == "traceId" ? 32 : 16) hex digits, not all zero" }
  }

  private static func traceID(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ missing: inout MissingID?
  ) throws(ImportError) -> TraceID? {
    let before = cursor
    if let text = try cursor.text() {
      if let trace = IDText.trace(cursor, text) { return trace }
      if text.end - text.start == 24, let bytes = Base64.decode(cursor.string(of: text)), bytes.count == 16 {
        try intake.odd(.base64, field: "traceId", found: before.found(), expected: "32 hex digits, not all zero")
        let trace = TraceID(high: IDText.number(bytes[..<8]), low: IDText.number(bytes[8...]))
        if trace.high | trace.low != 0 { return trace }
      }
    }
    missing = missing ?? MissingID(of: "traceId", found: before.found())
    return nil
  }

  private static func spanID(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ missing: inout MissingID?
  ) throws(ImportError) -> UInt64 {
    let before = cursor
    if let text = try cursor.text() {
      if let id = try id(cursor, text, &intake, "spanId"), id != 0 { return id }
    }
    missing = missing ?? MissingID(of: "spanId", found: before.found())
    return 0
  }

  private static func id(
    _ cursor: JSONCursor, _ text: JSONCursor.Text, _ intake: inout SpanIntake, _ field: String
  ) throws(ImportError) -> UInt64? {
    if let id = IDText.span(cursor, text) { return id }
    guard text.end - text.start == 12, let bytes = Base64.decode(cursor.string(of: text)), bytes.count == 8 else {
      return nil
    }
    try intake.odd(
      .base64, field: field, found: "'\(cursor.string(of: text))'", expected: "16 hex digits, not all zero")
    return IDText.number(bytes[...])
  }

  /// A root's is empty, missing, null or zero.
  private static func parentID(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> UInt64 {
    let before = cursor
    let isNull = try cursor.next() == .null
    guard let text = try cursor.text() else {
      if !isNull { try oddParent(before, &intake) }
      return 0
    }
    if text.start == text.end { return 0 }
    if let id = try id(cursor, text, &intake, "parentSpanId") { return id }
    try oddParent(before, &intake)
    return 0
  }

  private static func oddParent(_ cursor: JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    try intake.odd(
      .valueIgnored, field: "parentSpanId", found: cursor.found(), expected: "16 hex digits, or nothing for a root")
  }

  // MARK: Fields

  private static func time(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ field: String
  ) throws(ImportError) -> Int64? {
    guard try cursor.next() != .null else {
      try cursor.skip()
      return nil
    }
    let before = cursor
    if let time = try cursor.integer(), time >= 0 { return time }
    try intake.odd(
      .valueIgnored, field: field, found: before.found(), expected: "a whole number from 0 to 9223372036854775807")
    return nil
  }

  /// An unspecified kind is 0.
  private static func kind(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> UInt8 {
    guard try cursor.next() != .null else {
      try cursor.skip()
      return 0
    }
    let before = cursor
    if try cursor.next() == .string {
      let text = try cursor.string()
      if let kind = KindText.kind(cursor.string(of: text)) { return kind }
      if let number = cursor.integer(of: text), (0...5).contains(number) { return UInt8(number) }
    } else if let number = try cursor.integer(), (0...5).contains(number) {
      return UInt8(number)
    }
    try intake.odd(.valueIgnored, field: "kind", found: before.found(), expected: "0 to 5")
    return 0
  }

  private static func failed(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> Bool {
    guard try cursor.enter(.object) else { return false }
    var isFailed = false
    while let key = try cursor.key() {
      guard cursor.is(key, "code"), try cursor.next() != .null else {
        try cursor.skip()
        continue
      }
      let before = cursor
      if try cursor.next() == .string {
        let text = try cursor.string()
        isFailed = cursor.is(text, "STATUS_CODE_ERROR") || cursor.is(text, "2")
        continue
      }
      let code = try cursor.integer()
      isFailed = code == 2
      if code.map({ (0...2).contains($0) }) != true {
        try intake.odd(.valueIgnored, field: "code", found: before.found(), expected: "0, 1 or 2")
      }
    }
    return isFailed
  }

  /// How many elements a list has.
  static func count(_ cursor: inout JSONCursor) throws(ImportError) -> Int {
    guard try cursor.enter(.array) else { return 0 }
    var count = 0
    while try cursor.element() {
      try cursor.skip()
      count += 1
    }
    return count
  }

  private static func links(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> Int {
    guard try cursor.enter(.array) else { return 0 }
    var count = 0
    while try cursor.element() {
      var isWhole = 0
      guard try cursor.enter(.object) else { continue }
      let before = cursor
      while let key = try cursor.key() {
        guard cursor.is(key, "traceId") || cursor.is(key, "spanId") else {
          try cursor.skip()
          continue
        }
        if let text = try cursor.text(), text.end > text.start { isWhole += 1 }
      }
      guard isWhole == 2 else {
        try intake.odd(
          .linkWithoutID, field: "links", found: before.found(),
          expected: "a trace id of 32 and a span id of 16 hex digits")
        continue
      }
      count += 1
    }
    return count
  }

  private static func claims(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ claims: inout SpanClaims
  ) throws(ImportError) {
    var found = claims
    try ValuePairs.read(&cursor, &intake) { (key, _, value, intake) throws(ImportError) in
      found.attributes += 1
      guard SpanClaims.isWanted(value, key) else { return }
      var value = value
      found.learn(value.string(of: key), try OTLPValues.any(&value, &intake), &intake.texts)
    }
    claims = found
  }

  // MARK: Chainlab's own

  private static func readOwn(
    _ raw: RawSpan, _ claims: SpanClaims, _ role: String, _ later: Later, _ intake: inout SpanIntake
  ) throws(ImportError) {
    var events: [SpanModel.Event] = []
    if var cursor = later.events, try cursor.next() == .array {
      try cursor.enter()
      while try cursor.element() { events.append(try event(&cursor, &intake)) }
    }
    var attributes: [Attribute] = []
    if role == SpanGroup.Role.process.rawValue, var cursor = later.attributes {
      attributes = try OTLPValues.attributes(&cursor, &intake)
    }
    try OwnSpan.take(raw, claims, role, attributes, events, &intake)
  }

  private static func event(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> SpanModel.Event {
    var event = SpanModel.Event(time: 0, name: "")
    guard try cursor.enter(.object) else { return event }
    while let key = try cursor.key() {
      if cursor.is(key, "timeUnixNano") {
        event.time = UInt64(max(0, try cursor.integer() ?? 0))
      } else if cursor.is(key, "name") {
        if let text = try cursor.text() { event.name = cursor.string(of: text) }
      } else if cursor.is(key, "attributes") {
        event.attributes = try OTLPValues.attributes(&cursor, &intake)
      } else {
        try cursor.skip()
      }
    }
    return event
  }
}

/// Ids as hex digits in a document.
enum IDText {
  static func trace(_ cursor: JSONCursor, _ text: JSONCursor.Text) -> TraceID? {
    guard text.end - text.start == 32, let high = hex(cursor, text.start..<text.start + 16),
      let low = hex(cursor, text.start + 16..<text.end), high | low != 0
    else { return nil }
    return TraceID(high: high, low: low)
  }

  /// Nil, if it is none; 0, if its digits are.
  static func span(_ cursor: JSONCursor, _ text: JSONCursor.Text) -> UInt64? {
    text.end - text.start == 16 ? hex(cursor, text.start..<text.end) : nil
  }

  /// Of 1 to 32 digits, as Jaeger and Zipkin write them: without leading zeros, and traces of 64 bits.
  static func shortTrace(_ cursor: JSONCursor, _ text: JSONCursor.Text) -> TraceID? {
    let length = text.end - text.start
    guard (1...32).contains(length) else { return nil }
    let split = max(text.start, text.end - 16)
    guard let low = hex(cursor, split..<text.end) else { return nil }
    let high = split > text.start ? hex(cursor, text.start..<split) : 0
    guard let high, high | low != 0 else { return nil }
    return TraceID(high: high, low: low)
  }

  /// Of 1 to 16 digits.
  static func shortSpan(_ cursor: JSONCursor, _ text: JSONCursor.Text) -> UInt64? {
    (1...16).contains(text.end - text.start) ? hex(cursor, text.start..<text.end) : nil
  }

  static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

  @inline(__always)
  static func hex(_ cursor: JSONCursor, _ range: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for place in range {
      let byte = cursor.bytes[place]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte &- UInt8(ascii: "A") &+ 10
      default: return nil
      }
      value = value << 4 | UInt64(digit)
    }
    return value
  }
}

/// Kinds as words: `SERVER`, `SPAN_KIND_SERVER`, `server`.
enum KindText {
  private static let kinds: [String: UInt8] = [
    "UNSPECIFIED": 0, "INTERNAL": 1, "LOCAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5,
  ]

  static func kind(_ text: String) -> UInt8? {
    let word = text.uppercased()
    return kinds[word.hasPrefix("SPAN_KIND_") ? String(word.dropFirst(10)) : word]
  }
}
