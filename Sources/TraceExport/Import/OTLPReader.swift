import ChainModel
import TraceLog

/// Reads OTLP/JSON as any of its writers has it: `resourceSpans` as the specification, Tempo's `batches`, the
/// `instrumentationLibrarySpans` of before 2022, and what an answer of Tempo (`trace`) or Jaeger 3 (`result`) wraps around
/// them. Fields that it does not know are ignored, numbers may be text, ids may be of either case, and enumerations may be
/// named.
enum OTLPReader {
  /// One document. Logs and metrics in it are counted.
  static func read(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    try cursor.enter()
    while let key = try cursor.key() {
      if cursor.is(key, "resourceSpans") {
        try list(&cursor, &intake, "resourceSpans") { (cursor, intake) throws(ImportError) in
          try resource(&cursor, &intake)
        }
      } else if cursor.is(key, "batches") {
        try list(&cursor, &intake, "batches") { (cursor, intake) throws(ImportError) in try resource(&cursor, &intake) }
      } else if cursor.is(key, "trace") || cursor.is(key, "result"), try cursor.next() == .object {
        intake.place.append(SpanIntake.Step(name: cursor.is(key, "trace") ? "trace" : "result"))
        try read(&cursor, &intake)
        intake.place.removeLast()
      } else if cursor.is(key, "resourceLogs") {
        intake.counts.logs += 1
        try cursor.skip()
      } else if cursor.is(key, "resourceMetrics") {
        intake.counts.metrics += 1
        try cursor.skip()
      } else {
        try cursor.skip()
      }
    }
  }

  /// The elements of a list that may be `null`, with their places.
  static func list(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ name: StaticString,
    _ body: (inout JSONCursor, inout SpanIntake) throws(ImportError) -> Void
  ) throws(ImportError) {
    switch try cursor.next() {
    case .null: return try cursor.skip()
    case .array: break
    default: throw intake.wrong("\(name)", found: cursor.found(), expected: "a list")
    }
    try cursor.enter()
    let depth = intake.place.count
    intake.place.append(SpanIntake.Step(name: name, index: -1))
    while try cursor.element() {
      intake.place[depth].index = (intake.place[depth].index ?? -1) + 1
      intake.tick(cursor.at, of: cursor.bytes.count)
      try body(&cursor, &intake)
    }
    intake.place.removeLast()
  }

  private static func isObject(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> Bool {
    if try cursor.next() == .object { return true }
    try intake.odd(.notASpan, field: "", found: cursor.found(), expected: "an object")
    try cursor.skip()
    return false
  }

  /// What one process wrote; its description may come behind its spans.
  private static func resource(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    guard try isObject(&cursor, &intake) else { return }
    let firsts = (intake.rows.count, intake.records.count)
    var facts = ProcessFacts()
    try cursor.enter()
    while let key = try cursor.key() {
      if cursor.is(key, "resource"), try cursor.next() == .object {
        try cursor.enter()
        while let key = try cursor.key() {
          guard cursor.is(key, "attributes") else {
            try cursor.skip()
            continue
          }
          for pair in try OTLPValues.attributes(&cursor, &intake) { facts.learn(pair.key, pair.value) }
        }
      } else if cursor.is(key, "scopeSpans") {
        try list(&cursor, &intake, "scopeSpans") { (cursor, intake) throws(ImportError) in try scope(&cursor, &intake) }
      } else if cursor.is(key, "instrumentationLibrarySpans") {
        try list(&cursor, &intake, "instrumentationLibrarySpans") { (cursor, intake) throws(ImportError) in
          try scope(&cursor, &intake)
        }
      } else {
        try cursor.skip()
      }
    }
    let source = intake.source(facts)
    for row in firsts.0..<intake.rows.count { intake.rows[row].source = source }
    for record in firsts.1..<intake.records.count { intake.records[record].process = UInt16(clamping: source) }
  }

  private static func scope(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    guard try isObject(&cursor, &intake) else { return }
    try cursor.enter()
    while let key = try cursor.key() {
      guard cursor.is(key, "spans") else {
        try cursor.skip()
        continue
      }
      try list(&cursor, &intake, "spans") { (cursor, intake) throws(ImportError) in
        guard try isObject(&cursor, &intake) else { return }
        try OTLPSpanReader.read(&cursor, &intake)
      }
    }
  }
}

/// Attributes and values of OTLP.
enum OTLPValues {
  /// All of a list.
  static func attributes(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> [Attribute] {
    var list: [Attribute] = []
    try ValuePairs.read(&cursor, &intake) { (key, _, value, intake) throws(ImportError) in
      var value = value
      list.append(Attribute(value.string(of: key), try any(&value, &intake)))
    }
    return list
  }

  /// An AnyValue; of a kind that is not known here, it is empty.
  static func any(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> AttributeValue {
    guard try cursor.enter(.object) else { return .empty }
    var result = AttributeValue.empty
    while let key = try cursor.key() {
      if cursor.is(key, "stringValue") {
        if let text = try cursor.text() { result = .string(cursor.string(of: text)) }
      } else if cursor.is(key, "intValue") {
        let found = cursor
        if let number = try cursor.integer() {
          result = .integer(number)
        } else {
          try intake.odd(
            .valueIgnored, field: "intValue", found: found.found(), expected: "a whole number of 64 bits")
        }
      } else if cursor.is(key, "boolValue") {
        result = try bool(&cursor).map { .bool($0) } ?? .empty
      } else if cursor.is(key, "doubleValue") {
        result = try double(&cursor).map { .double($0) } ?? .empty
      } else if cursor.is(key, "bytesValue") {
        if let text = try cursor.text() { result = Base64.decode(cursor.string(of: text)).map { .bytes($0) } ?? .empty }
      } else if cursor.is(key, "arrayValue") {
        result = .array(try values(&cursor, &intake))
      } else if cursor.is(key, "kvlistValue") {
        result = .list(try valuePairs(&cursor, &intake))
      } else {
        try cursor.skip()
      }
    }
    return result
  }

  static func bool(_ cursor: inout JSONCursor) throws(ImportError) -> Bool? {
    guard try cursor.next() == .bool else {
      try cursor.skip()
      return nil
    }
    let flag = cursor.bytes[cursor.at] == UInt8(ascii: "t")
    try cursor.skip()
    return flag
  }

  static func double(_ cursor: inout JSONCursor) throws(ImportError) -> Double? {
    switch try cursor.next() {
    case .number: return cursor.double(of: try cursor.number())
    case .string:
      let text = try cursor.string()
      if cursor.is(text, "NaN") { return .nan }
      if cursor.is(text, "Infinity") { return .infinity }
      if cursor.is(text, "-Infinity") { return -.infinity }
      return cursor.double(of: text)
    default:
      try cursor.skip()
      return nil
    }
  }

  private static func values(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> [AttributeValue] {
    var values: [AttributeValue] = []
    guard try cursor.enter(.object) else { return values }
    while let key = try cursor.key() {
      guard cursor.is(key, "values"), try cursor.next() == .array else {
        try cursor.skip()
        continue
      }
      try cursor.enter()
      while try cursor.element() { values.append(try any(&cursor, &intake)) }
    }
    return values
  }

  private static func valuePairs(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> [Attribute] {
    var list: [Attribute] = []
    guard try cursor.enter(.object) else { return list }
    while let key = try cursor.key() {
      if cursor.is(key, "values") { list += try attributes(&cursor, &intake) } else { try cursor.skip() }
    }
    return list
  }
}
