import ChainModel
import TraceLog

/// Reads Zipkin's JSON, version 2: a list of spans, or a list of traces, which are lists of spans. Times are microseconds.
enum ZipkinReader {
  private static let latest = Int64.max / 1000 - 1

  static func read(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    switch try cursor.next() {
    case .array:
      try OTLPReader.list(&cursor, &intake, "") { (cursor, intake) throws(ImportError) in
        if try cursor.next() == .array {
          try OTLPReader.list(&cursor, &intake, "") { (cursor, intake) throws(ImportError) in
            try span(&cursor, &intake)
          }
        } else {
          try span(&cursor, &intake)
        }
      }
    default: try span(&cursor, &intake)
    }
  }

  private struct Found {
    var timestamp: Int64?
    var duration: Int64?
    var badID: (field: String, found: String)?
  }

  private static func span(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    guard try cursor.next() == .object else {
      try intake.odd(.notASpan, field: "", found: cursor.found(), expected: "an object")
      return try cursor.skip()
    }
    var span = RawSpan()
    var claims = SpanClaims()
    var found = Found()
    var facts = ProcessFacts()
    try cursor.enter()
    while let key = try cursor.key() {
      let before = cursor
      if cursor.is(key, "traceId") {
        if let text = try cursor.text() { span.trace = IDText.shortTrace(cursor, text) }
        if span.trace == nil { found.badID = ("traceId", before.found()) }
      } else if cursor.is(key, "id") {
        if let text = try cursor.text() { span.id = IDText.shortSpan(cursor, text) ?? 0 }
        if span.id == 0 { found.badID = ("id", before.found()) }
      } else if cursor.is(key, "parentId") {
        if let text = try cursor.text() { span.parent = IDText.shortSpan(cursor, text) ?? 0 }
      } else if cursor.is(key, "name") {
        if let text = try cursor.text() { span.name = intake.name(cursor, text) }
      } else if cursor.is(key, "kind") {
        if let text = try cursor.text() { span.kind = KindText.kind(cursor.string(of: text)) ?? 0 }
      } else if cursor.is(key, "timestamp") {
        found.timestamp = try cursor.integer()
      } else if cursor.is(key, "duration") {
        found.duration = try cursor.integer()
      } else if cursor.is(key, "localEndpoint") {
        try endpoint(&cursor, &facts)
      } else if cursor.is(key, "tags"), try cursor.next() == .object {
        try tags(&cursor, &intake, &claims)
      } else if cursor.is(key, "annotations") {
        claims.events = try OTLPSpanReader.count(&cursor)
      } else {
        try cursor.skip()
      }
    }
    guard span.trace != nil, span.id != 0 else {
      return try intake.odd(
        .idMissing, field: found.badID?.field ?? (span.trace == nil ? "traceId" : "id"), found: found.badID?.found,
        expected: "hex digits, not all zero")
    }
    span.source = intake.source(facts)
    if let start = found.timestamp, start <= latest {
      span.start = start * 1000
      // Zipkin leaves out a duration that is not known: the span had not ended.
      if let duration = found.duration {
        let (end, isLate) = start.addingReportingOverflow(duration)
        span.end = isLate || end > latest ? Int64.max : max(1, end * 1000)
      }
    }
    try intake.add(span, claims)
  }

  private static func endpoint(_ cursor: inout JSONCursor, _ facts: inout ProcessFacts) throws(ImportError) {
    guard try cursor.enter(.object) else { return }
    while let key = try cursor.key() {
      if cursor.is(key, "serviceName") {
        if let text = try cursor.text() { facts.learn(Key.serviceName, .string(cursor.string(of: text))) }
      } else if cursor.is(key, "ipv4") || cursor.is(key, "ipv6") {
        if let text = try cursor.text() { facts.learn("ip", .string(cursor.string(of: text))) }
      } else {
        try cursor.skip()
      }
    }
  }

  /// All values are text; that `error` is there at all means that it failed, unless it says otherwise.
  private static func tags(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ claims: inout SpanClaims
  ) throws(ImportError) {
    try cursor.enter()
    while let key = try cursor.key() {
      claims.attributes += 1
      guard SpanClaims.isWanted(cursor, key), !cursor.starts(key, "chainlab."), try cursor.next() == .string else {
        try cursor.skip()
        continue
      }
      let name = cursor.string(of: key)
      let value = cursor.string(of: try cursor.string())
      if name == "error" {
        claims.kept += 1
        claims.failed = value != "false"
      } else {
        claims.learn(name, .string(value), &intake.texts)
      }
    }
  }
}
