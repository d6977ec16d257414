import ChainModel
import TraceLog

/// Recognises what a file is and has it read: gzip, JSON of several kinds (one document, or several behind one another,
/// as lines have it), or CSV.
enum DocumentReader {
  /// - Throws: when it is none of them, or its text is broken.
  static func read(_ bytes: [UInt8], _ options: ImportOptions) throws(ImportError) -> SpanIntake {
    var intake = SpanIntake(options)
    try plain(bytes).withUnsafeBufferPointer { (buffer) throws(ImportError) in
      var cursor = JSONCursor(buffer)
      if options.format != .csv, try isJSON(&cursor, options) {
        try readJSON(&cursor, &intake)
      } else {
        try CSVReader.read(buffer, &intake)
      }
    }
    if let wanted = options.format, wanted != intake.format {
      throw ImportError(record: "the file", field: "", found: intake.format.name, expected: wanted.name)
    }
    return intake
  }

  /// The file without the gzip that it may be packed in.
  static func plain(_ bytes: [UInt8]) throws(ImportError) -> [UInt8] {
    guard bytes.starts(with: [0x1f, 0x8b]) else { return bytes }
    let plain = try Gunzip.inflate(bytes)
    guard !plain.starts(with: [0x1f, 0x8b]) else {
      throw ImportError(record: "the file", field: "", found: "gzip in gzip", expected: "a trace in it")
    }
    return plain
  }

  /// What begins with a bracket is JSON; what is one line of words with commas may be CSV.
  private static func isJSON(_ cursor: inout JSONCursor, _ options: ImportOptions) throws(ImportError) -> Bool {
    guard !cursor.isAtEnd() else {
      throw ImportError(record: "the file", field: "", found: "nothing", expected: expected)
    }
    let first = cursor.bytes[cursor.at]
    if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return true }
    let line = cursor.bytes[cursor.at...].prefix { $0 != 0x0a }
    if line.contains(UInt8(ascii: ",")), line.allSatisfy({ $0 >= 0x20 || $0 == 0x09 || $0 == 0x0d }) { return false }
    let found = (try? cursor.next()) == nil ? "no JSON and no CSV" : cursor.found()
    throw ImportError(record: "the file", field: "", found: found, expected: expected)
  }

  static let expected =
    "OTLP/JSON (resourceSpans, batches), Jaeger's or Zipkin's JSON, or CSV with a line of column names; each also as gzip"

  // MARK: JSON

  private static func readJSON(_ cursor: inout JSONCursor, _ intake: inout SpanIntake) throws(ImportError) {
    var isFirst = true
    // Counted on from document to document: a file may have a hundred thousand lines.
    var (line, counted) = (1, 0)
    repeat {
      if !isFirst {
        for place in counted..<cursor.at where cursor.bytes[place] == 0x0a { line += 1 }
        counted = cursor.at
        intake.line = "line \(line)"
      }
      try document(&cursor, &intake, isFirst: isFirst)
      isFirst = false
    } while !cursor.isAtEnd()
  }

  private static func document(
    _ cursor: inout JSONCursor, _ intake: inout SpanIntake, isFirst: Bool
  ) throws(ImportError) {
    guard let format = try format(&cursor) else {
      throw ImportError(
        record: intake.line.isEmpty ? "the document" : intake.line, field: "", found: unknown(cursor),
        expected: expected)
    }
    if isFirst { intake.format = format }
    guard intake.format == format else {
      throw ImportError(record: intake.line, field: "", found: format.name, expected: intake.format.name)
    }
    if format == .perfetto { return try cursor.skip() }
    if try cursor.next() == .array, format != .zipkin {
      return try OTLPReader.list(&cursor, &intake, "") { (cursor, intake) throws(ImportError) in
        guard try cursor.next() == .object else {
          try intake.odd(.notASpan, field: "", found: cursor.found(), expected: "an object")
          return try cursor.skip()
        }
        if format == .jaeger { try JaegerReader.trace(&cursor, &intake) } else { try OTLPReader.read(&cursor, &intake) }
      }
    }
    switch format {
    case .zipkin: try ZipkinReader.read(&cursor, &intake)
    case .jaeger: try JaegerReader.read(&cursor, &intake)
    default: try OTLPReader.read(&cursor, &intake)
    }
  }

  private static func unknown(_ cursor: JSONCursor) -> String {
    var ahead = cursor
    guard (try? ahead.next()) == .object, (try? ahead.enter()) != nil, let key = try? ahead.key() else {
      return cursor.found()
    }
    return "an object with '\(String(ahead.string(of: key).prefix(40)))'"
  }

  /// What the document at the cursor is, by the first key that tells; nothing is taken. An empty list or object is any of
  /// them, without spans.
  private static func format(_ cursor: inout JSONCursor) throws(ImportError) -> TraceFormat? {
    var ahead = cursor
    switch try ahead.next() {
    case .object:
      try ahead.enter()
      while let key = try ahead.key() {
        if let format = try format(of: key, &ahead) { return format }
        try ahead.skip()
      }
      return nil
    case .array:
      try ahead.enter()
      guard try ahead.element() else { return .otlp }
      if try ahead.next() == .array { return .zipkin }
      guard try ahead.next() == .object else { return nil }
      return try listFormat(&ahead)
    default: return nil
    }
  }

  private static func format(of key: JSONCursor.Text, _ cursor: inout JSONCursor) throws(ImportError) -> TraceFormat? {
    for name: StaticString in ["resourceSpans", "batches", "resourceLogs", "resourceMetrics"] where cursor.is(key, name)
    {
      return .otlp
    }
    for name: StaticString in ["trace", "result"] where cursor.is(key, name) {
      return try cursor.next() == .object ? .otlp : nil
    }
    for name: StaticString in ["data", "spans", "errors"] where cursor.is(key, name) { return .jaeger }
    return cursor.is(key, "traceEvents") ? .perfetto : nil
  }

  /// Of the first element of a list.
  private static func listFormat(_ cursor: inout JSONCursor) throws(ImportError) -> TraceFormat? {
    try cursor.enter()
    while let key = try cursor.key() {
      if let format = try format(of: key, &cursor) { return format }
      if cursor.is(key, "ph") { return .perfetto }
      if cursor.is(key, "localEndpoint") || cursor.is(key, "traceId") || cursor.is(key, "id") { return .zipkin }
      try cursor.skip()
    }
    return nil
  }
}
