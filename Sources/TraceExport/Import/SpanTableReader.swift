import ChainModel
import TraceLog

/// Makes spans of the rows of a table.
struct SpanTableReader {
  private let columns: CSVColumns
  private let header: [String]
  /// Nanoseconds of one: of the start, once its first value is known.
  private var startUnit: Int64?
  private var endUnit: Int64?
  private var durationUnit: Int64?
  private var isUnitAssumed = false
  private var sources: [String: UInt32] = [:]

  init(_ columns: CSVColumns, _ header: [String]) {
    self.columns = columns
    self.header = header
    startUnit = columns.places[.start].flatMap { CSVColumns.unit(of: header[$0]) }
    endUnit = columns.places[.end].flatMap { CSVColumns.unit(of: header[$0]) }
    durationUnit = columns.places[.duration].flatMap { CSVColumns.unit(of: header[$0]) }
  }

  /// What the columns of time were taken for, in words.
  var units: [String] {
    func words(_ role: CSVColumns.Role, _ unit: Int64?) -> String? {
      guard let place = columns.places[role], let unit else { return nil }
      let name = [1: "nanoseconds", 1000: "microseconds", 1_000_000: "milliseconds"][unit] ?? "seconds"
      return "\(header[place]) in \(name)"
    }
    return [
      words(.start, startUnit), words(.end, endUnit),
      columns.places[.end] == nil ? words(.duration, durationUnit) : nil,
    ]
    .compactMap(\.self)
  }

  mutating func read(_ fields: [CSVTable.Field], _ table: CSVTable, _ intake: inout SpanIntake) throws(ImportError) {
    func field(_ role: CSVColumns.Role) -> CSVTable.Field? {
      guard let place = columns.places[role], place < fields.count, !fields[place].isEmpty else { return nil }
      return fields[place]
    }
    var span = RawSpan()
    span.trace = field(.trace).flatMap { Self.trace(table, $0) }
    span.id = field(.span).map { Self.id(table, $0) } ?? 0
    guard span.trace != nil, span.id != 0 else {
      return try intake.odd(
        .idMissing, field: span.trace == nil ? "trace" : "span", found: nil, expected: "an id")
    }
    if let parent = field(.parent), !Self.isNone(table.text(parent)) { span.parent = Self.id(table, parent) }
    span.source = source(field(.service), field(.pod), field(.host), table, &intake)
    if let name = field(.operation) {
      span.name =
        name.isQuoted
        ? intake.texts.id(table.text(name))
        : intake.texts.id(UnsafeBufferPointer(rebasing: table.bytes[name.start..<name.end]))
    }
    if let kind = field(.kind) { span.kind = KindText.kind(table.text(kind)) ?? 0 }
    if let status = field(.status) { Self.status(table.text(status), &span) }
    if let success = field(.success), ["false", "no", "0"].contains(table.text(success).lowercased()) {
      span.flags.insert(.failed)
    }
    if let start = field(.start) { span.start = Self.time(table, start, &startUnit) }
    if let end = field(.end) {
      span.end = Self.time(table, end, &endUnit)
    } else if let start = span.start, let duration = field(.duration) {
      span.end = length(table, duration).map { start.addingReportingOverflow($0).partialValue }.map { max(1, $0) }
    }
    try intake.add(span)
  }

  // MARK: Ids

  private static func isNone(_ text: String) -> Bool {
    ["", "0", "-1", "root", "none", "null", "nan", "undefined"].contains(text.lowercased())
  }

  /// Hex digits are taken as they are; of any other text a number is made.
  private static func id(_ table: CSVTable, _ field: CSVTable.Field) -> UInt64 {
    if (1...16).contains(field.end - field.start), let id = hex(table, field.start..<field.end), id != 0 { return id }
    return FNV1a.hash(Array(table.bytes[field.start..<field.end])) | 1
  }

  private static func trace(_ table: CSVTable, _ field: CSVTable.Field) -> TraceID? {
    let length = field.end - field.start
    let split = max(field.start, field.end - 16)
    if length <= 32, let low = hex(table, split..<field.end),
      let high = split > field.start ? hex(table, field.start..<split) : 0, high | low != 0
    {
      return TraceID(high: high, low: low)
    }
    let hash = FNV1a.hash(Array(table.bytes[field.start..<field.end]))
    return TraceID(high: SpanBuilder.mix(hash), low: hash | 1)
  }

  private static func hex(_ table: CSVTable, _ range: Range<Int>) -> UInt64? {
    IDText.hex(JSONCursor(table.bytes), range)
  }

  // MARK: Processes

  private mutating func source(
    _ service: CSVTable.Field?, _ pod: CSVTable.Field?, _ host: CSVTable.Field?, _ table: CSVTable,
    _ intake: inout SpanIntake
  ) -> UInt32 {
    let texts = [service, pod, host].map { $0.map { table.text($0) } ?? "" }
    let key = texts.joined(separator: "\u{0}")
    if let known = sources[key] { return known }
    // Some call the pod their service.
    let deployment = Self.deployment(ofPod: texts[0])
    let pod = texts[1].isEmpty && deployment != nil ? texts[0] : texts[1]
    var facts = ProcessFacts()
    facts.learn(Key.serviceName, .string(texts[0].isEmpty ? Self.service(ofPod: pod) : deployment ?? texts[0]))
    facts.learn("k8s.pod.name", .string(pod))
    facts.learn(Key.hostName, .string(texts[2]))
    let number = intake.source(facts)
    sources[key] = number
    return number
  }

  /// A pod of a Kubernetes deployment is called `service-hash-hash`, one of a stateful set `service-number`.
  static func service(ofPod pod: String) -> String {
    if let name = deployment(ofPod: pod) { return name }
    let parts = pod.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count > 1, let last = parts.last, (1...3).contains(last.count), last.allSatisfy(\.isNumber) else {
      return pod
    }
    return parts.dropLast().joined(separator: "-")
  }

  /// Nil for what is not called as the pods of a deployment are.
  private static func deployment(ofPod pod: String) -> String? {
    let parts = pod.split(separator: "-", omittingEmptySubsequences: false)
    func isHash(_ part: Substring, _ lengths: ClosedRange<Int>) -> Bool {
      lengths.contains(part.count) && part.allSatisfy { $0.isLowercase || $0.isNumber }
    }
    guard parts.count > 2, isHash(parts[parts.count - 1], 5...5), isHash(parts[parts.count - 2], 8...10),
      parts[parts.count - 2].contains(where: \.isNumber)
    else { return nil }
    return parts.dropLast(2).joined(separator: "-")
  }

  /// Codes of HTTP, of gRPC (2 and above are errors in OpenTelemetry's count too), or words.
  private static func status(_ text: String, _ span: inout RawSpan) {
    if let code = Double(text).flatMap({ Int(exactly: $0) }) {
      if (100...999).contains(code) { span.status = UInt16(code) }
      if code >= 400 || (2...16).contains(code) || code < 0 { span.flags.insert(.failed) }
      return
    }
    let word = text.lowercased()
    guard ["error", "err", "true", "fail", "failed", "failure", "status_code_error"].contains(word) else { return }
    span.flags.insert(.failed)
  }

  // MARK: Times

  private mutating func length(_ table: CSVTable, _ field: CSVTable.Field) -> Int64? {
    let value = table.integer(field)
    // For now in the unit of the start; where that is a date, large ones are nanoseconds.
    if durationUnit == nil {
      durationUnit = startUnit ?? (value ?? 0 >= 100_000 ? 1 : 1_000_000)
      isUnitAssumed = true
    }
    let unit = durationUnit ?? 1_000_000
    if let value {
      let (product, isLarge) = value.multipliedReportingOverflow(by: unit)
      return isLarge ? nil : product
    }
    return Double(table.text(field)).flatMap { Int64(exactly: ($0 * Double(unit)).rounded()) }
  }

  /// Where neither a column of ends nor the name of that of durations tells their unit, it is the smallest one in which
  /// nine of ten spans begin before their parents end.
  mutating func settleDurations(_ intake: inout SpanIntake) {
    guard isUnitAssumed, let assumed = durationUnit else { return }
    var places: [RowKey: Int] = [:]
    for (place, row) in intake.rows.prefix(Self.sample).enumerated() { places[RowKey(row.trace, row.id)] = place }
    // How many nanoseconds a unit has at least, for a span to begin within its parent, as far as coarse starts tell.
    var least: [Double] = []
    let coarse = UInt64(startUnit ?? 1)
    for row in intake.rows.prefix(Self.sample) where row.parent != 0 {
      guard let place = places[RowKey(row.trace, row.parent)] else { continue }
      let parent = intake.rows[place]
      guard row.start > parent.start + coarse, parent.end > parent.start else { continue }
      least.append(Double(row.start - parent.start - coarse) / (Double(parent.end - parent.start) / Double(assumed)))
    }
    guard least.count >= Self.leastPairs else { return }
    least.sort()
    let bound = least[least.count * 9 / 10]
    guard let unit = [Int64(1), 1000, 1_000_000, 1_000_000_000].first(where: { Double($0) >= bound }), unit != assumed
    else { return }
    durationUnit = unit
    intake.counts.resolution = SpanIntake.Resolution()
    for place in intake.rows.indices {
      let row = intake.rows[place]
      if !row.flags.contains(.open) {
        let length = Double(row.end - row.start) / Double(assumed) * Double(unit)
        intake.rows[place].end = row.start + UInt64(max(0, min(9e18 - Double(row.start), length.rounded())))
      }
      intake.counts.resolution.see(row.start, intake.rows[place].end)
    }
  }

  private struct RowKey: Hashable {
    var trace: TraceID
    var id: UInt64

    init(_ trace: TraceID, _ id: UInt64) { (self.trace, self.id) = (trace, id) }
  }

  private static let sample = 200_000
  private static let leastPairs = 10

  static func time(_ table: CSVTable, _ field: CSVTable.Field, _ unit: inout Int64?) -> Int64? {
    if let value = table.integer(field) {
      // What counts as now: 10 digits of seconds, 13 of milliseconds, 16 of microseconds, 19 of nanoseconds.
      let size =
        value >= 100_000_000_000_000_000
        ? 1
        : value >= 100_000_000_000_000
          ? 1000
          : value >= 100_000_000_000 ? 1_000_000 : 1_000_000_000
      if unit == nil { unit = Int64(size) }
      let (product, isLarge) = value.multipliedReportingOverflow(by: unit ?? 1)
      return isLarge ? nil : product
    }
    let text = table.text(field)
    if let value = Double(text), value.isFinite, value > 0 {
      if unit == nil { unit = value >= 1e17 ? 1 : value >= 1e14 ? 1000 : value >= 1e11 ? 1_000_000 : 1_000_000_000 }
      return Int64(exactly: (value * Double(unit ?? 1)).rounded())
    }
    return DateText.nanoseconds(text)
  }
}

/// Dates as ISO 8601 has them, in UTC unless an offset stands behind them: `2023-01-29T08:48:42.425Z`.
enum DateText {
  static func nanoseconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " ")
    else { return nil }
    func number(_ range: Range<Int>) -> Int64? { Int64(String(decoding: bytes[range], as: UTF8.self)) }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), (1970...2261).contains(year), (1...12).contains(month)
    else { return nil }
    var seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    var at = 19
    var fraction: Int64 = 0
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      var unit: Int64 = 100_000_000
      while at < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[at]) {
        fraction += Int64(bytes[at] - UInt8(ascii: "0")) * unit
        unit /= 10
        at += 1
      }
    }
    if at + 6 == bytes.count, let hours = number(at + 1..<at + 3), let minutes = number(at + 4..<at + 6) {
      seconds += (bytes[at] == UInt8(ascii: "-") ? 1 : -1) * (hours * 3600 + minutes * 60)
    }
    return seconds * 1_000_000_000 + fraction
  }

  /// Since 1970, by the rule of the Gregorian calendar (Hinnant 2013, days_from_civil).
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
