import ChainModel
import TraceLog

/// Reads a table of spans, as public fault data sets and exports of databases have it: a line of column names, then a line
/// a span. Which column is what, its name says (`CSVColumns`); times are in the unit that their name or size tells.
enum CSVReader {
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ intake: inout SpanIntake) throws(ImportError) {
    intake.format = .csv
    var table = CSVTable(bytes)
    let header = table.next().map { $0.map { table.text($0) } } ?? []
    let columns = try CSVColumns(header)
    var rows = SpanTableReader(columns, header)
    var number = 1
    while let fields = table.next() {
      number += 1
      guard fields.count > 1 || fields.first.map({ !$0.isEmpty }) == true else { continue }
      intake.place = [SpanIntake.Step(name: "row", index: number)]
      intake.tick(table.at, of: bytes.count)
      try rows.read(fields, table, &intake)
    }
    intake.place = []
    rows.settleDurations(&intake)
    intake.counts.columns = rows.units
  }
}

/// Rows of fields (RFC 4180): fields may stand in quotes, in which two quotes are one and line ends are text.
struct CSVTable {
  struct Field {
    var start: Int
    var end: Int
    var isQuoted: Bool

    var isEmpty: Bool { start == end }
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private(set) var at: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    at = bytes.count >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf ? 3 : 0
  }

  mutating func next() -> [Field]? {
    guard at < bytes.count else { return nil }
    var fields: [Field] = []
    while true {
      fields.append(field())
      guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { break }
      at += 1
    }
    if at < bytes.count, bytes[at] == 0x0d { at += 1 }
    if at < bytes.count { at += 1 }
    return fields
  }

  private mutating func field() -> Field {
    if at < bytes.count, bytes[at] == UInt8(ascii: "\"") { return quoted() }
    let start = at
    while at < bytes.count, bytes[at] != UInt8(ascii: ","), bytes[at] != 0x0a { at += 1 }
    var end = at
    if end > start, bytes[end - 1] == 0x0d { end -= 1 }
    return Field(start: start, end: end, isQuoted: false)
  }

  private mutating func quoted() -> Field {
    at += 1
    let start = at
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "\"") {
        guard at + 1 < bytes.count, bytes[at + 1] == UInt8(ascii: "\"") else { break }
        at += 1
      }
      at += 1
    }
    let end = min(at, bytes.count)
    // Behind the closing quote nothing but the separator makes sense.
    while at < bytes.count, bytes[at] != UInt8(ascii: ","), bytes[at] != 0x0a { at += 1 }
    return Field(start: start, end: end, isQuoted: true)
  }

  func text(_ field: Field) -> String {
    let text = String(decoding: bytes[field.start..<field.end], as: UTF8.self)
    return field.isQuoted && text.contains("\"\"") ? text.replacing("\"\"", with: "\"") : text
  }

  func integer(_ field: Field) -> Int64? {
    guard field.end > field.start, field.end - field.start <= 19 else { return nil }
    var value: Int64 = 0
    for place in field.start..<field.end {
      let digit = bytes[place] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (product, isLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = product.addingReportingOverflow(Int64(digit))
      guard !isLarge, !isLarger else { return nil }
      value = sum
    }
    return value
  }
}

/// Which column of a table is what, by its name; case, blanks, dashes and underscores make no difference.
struct CSVColumns {
  enum Role: CaseIterable {
    case trace, span, parent, service, pod, operation, start, end, duration, status, success, kind, host

    /// The most telling name first.
    var names: [String] {
      switch self {
      case .trace: ["traceid", "trace"]
      case .span: ["spanid", "span", "id"]
      case .parent: ["parentspanid", "parentid", "parentspan", "parent"]
      case .service: ["servicename", "service", "microservice", "processservicename", "application"]
      case .pod:
        ["podname", "pod", "instance", "serviceinstance", "instanceid", "containername", "container", "cmdbid"]
      case .operation: ["operationname", "operation", "spanname", "methodname", "endpoint", "url", "name"]
      case .start:
        [
          "starttimeunixnano", "starttimenano", "starttimens", "starttimemicros", "starttimeus", "starttime", "start",
          "starttimemillis", "starttimems", "timestamp", "time",
        ]
      case .end:
        ["endtimeunixnano", "endtimenano", "endtimens", "endtimeus", "endtime", "end", "endtimemillis", "endtimems"]
      case .duration:
        [
          "durationnano", "durationns", "durationmicros", "durationus", "durationms", "durationmillis", "duration",
          "elapsedtime", "latency",
        ]
      case .status: ["httpstatuscode", "statuscode", "status", "error", "iserror", "resultcode", "responsecode"]
      case .success: ["success", "issuccess", "succeeded"]
      case .kind: ["spankind", "kind"]
      case .host: ["hostname", "host", "nodename", "node", "hostip", "ip"]
      }
    }
  }

  private(set) var places: [Role: Int] = [:]

  /// - Throws: when a column without which there are no spans is missing.
  init(_ header: [String]) throws(ImportError) {
    let names = header.map(Self.plain)
    for role in Role.allCases {
      for name in role.names where places[role] == nil {
        places[role] = names.firstIndex(of: name)
      }
    }
    // Beside a column `id` of spans, `pid` is that of their parents, not of processes.
    if places[.parent] == nil, places[.span].map({ names[$0] }) == "id" {
      places[.parent] = names.firstIndex(of: "pid")
    }
    for (role, name) in [(Role.trace, "trace id"), (.span, "span id"), (.start, "start time")] where places[role] == nil
    {
      throw missing(header, name, role)
    }
    if places[.service] == nil, places[.pod] == nil { throw missing(header, "service or pod", .service) }
    if places[.end] == nil, places[.duration] == nil { throw missing(header, "end or duration", .duration) }
  }

  private func missing(_ header: [String], _ what: String, _ role: Role) -> ImportError {
    let found = header.prefix(12).joined(separator: ", ")
    return ImportError(
      record: "row 1", field: "", found: "the columns \(found.isEmpty ? "none" : String(found.prefix(200)))",
      expected: "a column of the \(what), such as \(role.names.prefix(2).joined(separator: " or "))")
  }

  /// The unit that a name ends with; nil if it says none.
  static func unit(of name: String) -> Int64? {
    let name = plain(name)
    if name.hasSuffix("nano") || name.hasSuffix("nanos") || name.hasSuffix("ns") { return 1 }
    if name.hasSuffix("micros") || name.hasSuffix("us") { return 1000 }
    if name.hasSuffix("millis") || name.hasSuffix("ms") { return 1_000_000 }
    return nil
  }

  static func plain(_ name: String) -> String {
    String(name.lowercased().filter { $0.isLetter && $0.isASCII || $0.isNumber })
  }
}
