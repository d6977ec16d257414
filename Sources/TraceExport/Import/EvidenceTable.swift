/// Tables that stand beside traces: processor use, or log lines, by service or pod and time (CSV).
package struct EvidenceTable: Sendable {
  package struct Row: Hashable, Sendable {
    package var service: String
    /// Unix nanoseconds.
    package var time: UInt64
    package var value: Double
  }

  package private(set) var rows: [Row] = []

  private static let pods = [
    "podname", "pod", "servicename", "service", "instance", "cmdbid", "container", "containername",
  ]
  private static let times = ["timeunixnano", "timestamp", "time", "datetime"]
  private static let texts = ["log", "message", "body", "text", "line"]

  /// Processor use: the column whose name says `cpu`, a rate before a sum.
  /// - Throws: when there is no such column, or none of the service or time.
  package static func processor(_ bytes: [UInt8]) throws(ImportError) -> EvidenceTable {
    try read(bytes, "processor use, such as CpuUsageRate(%)") { names in
      let cpu = names.indices.filter { names[$0].contains("cpu") && !names[$0].contains("node") }
      return cpu.first { names[$0].contains("rate") || names[$0].contains("percent") } ?? cpu.first
    } value: {
      Double($0)
    }
  }

  /// Lines that tell of an error: one each.
  /// - Throws: when there is no column of their text, or none of the service or time.
  package static func complaints(_ bytes: [UInt8]) throws(ImportError) -> EvidenceTable {
    try read(bytes, "the line's text, such as Log") { names in
      texts.lazy.compactMap { names.firstIndex(of: $0) }.first
    } value: { text in
      let isError = ["ERROR", "FATAL", "Exception", "panic", "\"level\":\"error", "severity\":\"error"].contains {
        text.contains($0)
      }
      return isError ? 1 : nil
    }
  }

  private static func read(
    _ bytes: [UInt8], _ what: String, column: ([String]) -> Int?, value: (String) -> Double?
  ) throws(ImportError) -> EvidenceTable {
    try DocumentReader.plain(bytes).withUnsafeBufferPointer { (buffer) throws(ImportError) in
      var table = CSVTable(buffer)
      let header = table.next().map { $0.map { table.text($0) } } ?? []
      let names = header.map(CSVColumns.plain)
      guard let column = column(names) else { throw missing(header, what) }
      guard let pod = pods.lazy.compactMap({ names.firstIndex(of: $0) }).first else {
        throw missing(header, "service or pod")
      }
      guard let time = times.lazy.compactMap({ names.firstIndex(of: $0) }).first else { throw missing(header, "time") }
      var result = EvidenceTable()
      while let fields = table.next() {
        guard fields.count > max(column, pod, time), let value = value(table.text(fields[column])) else { continue }
        var unit: Int64?
        guard let at = SpanTableReader.time(table, fields[time], &unit), at > 0 else { continue }
        let service = SpanTableReader.service(ofPod: table.text(fields[pod]))
        result.rows.append(Row(service: service, time: UInt64(at), value: value))
      }
      return result
    }
  }

  private static func missing(_ header: [String], _ what: String) -> ImportError {
    ImportError(
      record: "row 1", field: "", found: "the columns \(header.prefix(12).joined(separator: ", "))",
      expected: "a column of \(what)")
  }
}
