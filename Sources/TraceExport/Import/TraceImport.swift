import ChainModel
package import TraceLog

/// Reads traces that other programs have written, or an export of chainlab, as a log.
package enum TraceImport {
  /// OTLP/JSON: one document, or one a line (`.jsonl`).
  /// - Parameters:
  ///   - bytes: the file.
  ///   - runID: the run that it becomes.
  /// - Returns: the log, and what became of the document.
  /// - Throws: for the first thing that is wrong.
  package static func otlp(
    _ bytes: [UInt8], runID: String
  ) throws(ImportError) -> (snapshot: LogSnapshot, report: ImportReport) {
    try LogBuilder.build(try readOTLP(bytes), runID: runID)
  }

  /// Jaeger's JSON: `{"data": [trace, …]}`, one trace as `data`, a list of traces, or one trace.
  /// - Throws: for the first thing that is wrong.
  package static func jaeger(
    _ bytes: [UInt8], runID: String
  ) throws(ImportError) -> (snapshot: LogSnapshot, report: ImportReport) {
    try LogBuilder.build(try readJaeger(bytes), runID: runID)
  }

  static func readOTLP(_ bytes: [UInt8]) throws(ImportError) -> ImportDocument {
    var reader = OTLPReader()
    if let value = try? JSONParser.parse(bytes[...]) {
      try reader.read(value)
      return reader.document
    }
    // More than one value: lines, of which each must be a document.
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let isLines = lines.count { line in line.contains { $0 > 0x20 } } > 1 && startsWithDocument(lines)
    guard isLines else {
      try reader.read(try parse(bytes[...]))
      return reader.document
    }
    for (index, line) in lines.enumerated() where line.contains(where: { $0 > 0x20 }) {
      try reader.read(try parse(line, line: index + 1), line: index + 1)
    }
    return reader.document
  }

  /// A document that is spread over lines begins with a line that is none itself.
  private static func startsWithDocument(_ lines: [ArraySlice<UInt8>]) -> Bool {
    guard let first = lines.first(where: { line in line.contains { $0 > 0x20 } }) else { return false }
    return (try? JSONParser.parse(first)) != nil
  }

  static func readJaeger(_ bytes: [UInt8]) throws(ImportError) -> ImportDocument {
    var reader = JaegerReader()
    try reader.read(try parse(bytes[...]))
    return reader.document
  }

  static func parse(_ bytes: ArraySlice<UInt8>, line: Int? = nil) throws(ImportError) -> JSONValue {
    do throws(JSONSyntaxError) {
      return try JSONParser.parse(bytes)
    } catch {
      throw ImportError(error, line: line)
    }
  }
}
