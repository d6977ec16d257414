import ChainModel
import TraceLog

/// Reads the JSON of Jaeger's query service and UI. Times are whole microseconds; the nanoseconds behind them, where the
/// writer was chainlab, stand in tags.
enum JaegerReader {
  /// `{"data": [trace, …]}`, one trace as `data`, or one trace.
  static func read(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    var ahead = cursor
    try ahead.enter()
    while let key = try ahead.key() {
      if ahead.is(key, "spans") {
        intake.place.append(SpanIntake.Step(name: "trace"))
        try trace(&cursor, &intake)
        intake.place.removeLast()
        return
      }
      if ahead.is(key, "data") { break }
      try ahead.skip()
    }
    try cursor.enter()
    while let key = try cursor.key() {
      if cursor.is(key, "data") {
        try data(&cursor, &intake)
      } else if cursor.is(key, "errors") {
        try errors(&cursor, &intake)
      } else {
        try cursor.skip()
      }
    }
  }

  private static func data(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    switch try cursor.next() {
    case .object:
      intake.place.append(SpanIntake.Step(name: "data"))
      try trace(&cursor, &intake)
      intake.place.removeLast()
    default:
      try OTLPReader.list(&cursor, &intake, "data") { (cursor, intake) throws(ImportError) in
        try trace(&cursor, &intake)
      }
    }
  }

  /// What a query service says in place of traces.
  private static func errors(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    guard try cursor.enter(.array) else { return }
    while try cursor.element() {
      guard try cursor.enter(.object) else { continue }
      var (code, message): (Int64?, String?)
      while let key = try cursor.key() {
        if cursor.is(key, "code") {
          code = try cursor.integer()
        } else if cursor.is(key, "msg") {
          if let text = try cursor.text() { message = cursor.string(of: text) }
        } else {
          try cursor.skip()
        }
      }
      if intake.rows.isEmpty {
        throw intake.wrong(
          "errors", found: "\(message ?? "an error")\(code.map { " (\($0))" } ?? "")", expected: "traces as data")
      }
    }
  }

  // MARK: Traces

  static func trace(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    guard try cursor.next() == .object else {
      try intake.odd(.notASpan, field: "", found: cursor.found(), expected: "a trace: an object with spans")
      return try cursor.skip()
    }
    let firsts = (intake.rows.count, intake.records.count)
    var processes: [String: UInt32] = [:]
    var own: TraceID?
    try cursor.enter()
    while let key = try cursor.key() {
      if cursor.is(key, "traceID") {
        if let text = try cursor.text() { own = IDText.shortTrace(cursor, text) }
      } else if cursor.is(key, "processes"), try cursor.next() == .object {
        try cursor.enter()
        while let name = try cursor.key() { processes[cursor.string(of: name)] = try process(&cursor, &intake) }
      } else if cursor.is(key, "spans") {
        try OTLPReader.list(&cursor, &intake, "spans") { (cursor, intake) throws(ImportError) in
          try JaegerSpanReader.read(&cursor, &intake)
        }
      } else {
        try cursor.skip()
      }
    }
    try finish(&intake, firsts, processes, own)
  }

  /// Gives the trace's spans their processes and, where they do not say it, their trace.
  private static func finish(
    _ intake: inout SpanIntake, _ firsts: (rows: Int, records: Int), _ processes: [String: UInt32], _ own: TraceID?
  ) throws(ImportError) {
    var sources: [UInt32: UInt32] = [:]
    for row in firsts.rows..<intake.rows.count {
      let named = intake.rows[row].source
      if intake.rows[row].trace.high | intake.rows[row].trace.low == 0 {
        if own == nil {
          try intake.odd(
            .valueIgnored, field: "traceID", found: nil, expected: "1 to 32 hex digits, not all zero, of span or trace")
        }
        intake.rows[row].trace = own ?? TraceID(high: 0, low: intake.rows[firsts.rows].id)
      }
      if named & JaegerSpanReader.inlineProcess != 0 {
        intake.rows[row].source = named & ~JaegerSpanReader.inlineProcess
      } else if let known = sources[named] {
        intake.rows[row].source = known
      } else if let source = processes[intake.texts[named]] {
        sources[named] = source
        intake.rows[row].source = source
      } else {
        let name = intake.texts[named]
        let found = name.isEmpty ? nil : "'\(name)'"
        intake.place.append(SpanIntake.Step(name: "spans", index: row - firsts.rows))
        try intake.odd(.processUnknown, field: "processID", found: found, expected: "one of the trace's processes")
        intake.place.removeLast()
        intake.rows[row].source = intake.source(ProcessFacts())
      }
      guard intake.rows[row].flags.contains(.own) else { continue }
      let first = Int(intake.rows[row].name)
      for record in first..<first + Int(intake.rows[row].error) {
        intake.records[record].process = UInt16(clamping: intake.rows[row].source)
      }
    }
  }

  static func process(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) -> UInt32 {
    var facts = ProcessFacts()
    guard try cursor.enter(.object) else { return intake.source(facts) }
    while let key = try cursor.key() {
      if cursor.is(key, "serviceName") {
        if let text = try cursor.text() { facts.learn(Key.serviceName, .string(cursor.string(of: text))) }
      } else if cursor.is(key, "tags") {
        for tag in try JaegerValues.tags(&cursor, &intake, "tags") { facts.learn(tag.key, tag.value) }
      } else {
        try cursor.skip()
      }
    }
    return intake.source(facts)
  }
}

/// Tags and fields of Jaeger.
enum JaegerValues {
  static func tags(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, _ field: String
  ) throws(ImportError) -> [Attribute] {
    var list: [Attribute] = []
    try ValuePairs.read(&cursor, &intake, field) { (key, type, value, intake) throws(ImportError) in
      list.append(Attribute(value.string(of: key), try read(type, value, &intake)))
    }
    return list
  }

  static func read(
    _ type: JSONCursor.Text?, _ value: JSONCursor, _ intake: inout SpanIntake
  ) throws(ImportError) -> AttributeValue {
    var cursor = value
    switch try cursor.next() {
    case .bool: return try OTLPValues.bool(&cursor).map { .bool($0) } ?? .empty
    case .number:
      let text = try cursor.number()
      if let number = cursor.integer(of: text), type.map({ cursor.is($0, "float64") }) != true {
        return .integer(number)
      }
      return cursor.double(of: text).map { .double($0) } ?? .empty
    case .string:
      let text = cursor.string(of: try cursor.string())
      guard let type else { return .string(text) }
      if cursor.is(type, "bool") { return .bool(text == "true") }
      if cursor.is(type, "binary") { return Base64.decode(text).map { .bytes($0) } ?? .empty }
      guard cursor.is(type, "int64") else { return .string(text) }
      if let number = Int64(text) { return .integer(number) }
      try intake.odd(.valueIgnored, field: "value", found: value.found(), expected: "a whole number of 64 bits")
      return .empty
    default: return .empty
    }
  }
}
