import ChainModel
import TraceLog

/// Makes spans of groups of records, in the words of OpenTelemetry's semantic conventions.
struct SpanBuilder {
  /// The log, or of one that is followed what was read last.
  private(set) var snapshot: LogSnapshot
  let ports: [String: Int]
  private(set) var sources: [SpanSource] = []
  private var places: [UInt16: Int] = [:]
  private var names: [UInt16: String] = [:]
  private var threads: [ThreadKey: UInt32] = [:]
  /// By source: what was added to its recorded times.
  private var moved: [Int: Int64] = [:]
  /// The trace of what belongs to no request; the same for the same run.
  let processTrace: TraceID
  /// The end of what is still open.
  private(set) var moment: UInt64 = 0
  private let runHash: UInt64

  init(_ snapshot: LogSnapshot, ports: [String: Int]) {
    self.snapshot = snapshot
    self.ports = ports
    runHash = Self.hash(snapshot.runID)
    processTrace = TraceID(high: Self.mix(runHash), low: Self.mix(runHash ^ snapshot.createdAt) | 1)
    learn(snapshot)
    for record in snapshot.records { meet(record) }
    for (place, offset) in moved { sources[place].attributes.append(Attribute(Key.clockMoved, offset)) }
  }

  /// Learns what is known of a log that is followed, besides its records.
  mutating func learn(_ snapshot: LogSnapshot) {
    self.snapshot = snapshot
    let isLive = snapshot.processes.isEmpty || snapshot.processes.contains { $0.fate == .running }
    let last = snapshot.records.last?.time
    moment = isLive ? max(snapshot.takenAt, last ?? 0) : last ?? snapshot.takenAt
    for process in snapshot.processes where UInt16(exactly: process.slot).map({ places[$0] == nil }) ?? false {
      add(process)
    }
  }

  /// Learns who writes and what threads are called; to be called before a record's span is made.
  mutating func meet(_ record: borrowing Record) {
    if places[record.process] == nil { addUnknown(record.process) }
    if record.kind == .clock, let place = places[record.process] { moved[place] = Int64(bitPattern: record.other) }
    if record.kind == .threadStart { threads[ThreadKey(record)] = record.name }
  }

  /// Gives a span the times that its process had recorded: an export carries those, and says beside them by how much they
  /// were moved.
  func restore(_ span: inout SpanModel) {
    guard let offset = moved[span.source] else { return }
    func recorded(_ time: UInt64) -> UInt64 {
      UInt64(max(1, Int64(clamping: time).subtractingReportingOverflow(offset).partialValue))
    }
    span.start = recorded(span.start)
    span.end = recorded(span.end)
    for index in span.events.indices { span.events[index].time = recorded(span.events[index].time) }
  }

  private mutating func add(_ process: LogProcess) {
    guard let slot = UInt16(exactly: process.slot) else { return }
    places[slot] = sources.count
    names[slot] = process.name
    sources.append(
      SpanSource(
        attributes: [
          Attribute(Key.serviceName, process.name),
          Attribute(Key.serviceInstance, instance(process)), Attribute(Key.run, snapshot.runID),
          Attribute(Key.slot, process.slot),
        ] + (process.identity.pid > 0 ? [Attribute(Key.pid, process.identity.pid)] : []) + host(of: slot)))
  }

  /// Times are exported as they were merged: on the reference's clock.
  private func host(of slot: UInt16) -> [Attribute] {
    guard let host = snapshot.host(of: slot) else { return [] }
    let bound = host.clock.bound.map { [Attribute(Key.clockBound, ($0 + 999) / 1_000)] } ?? []
    return [Attribute(Key.hostName, host.name), Attribute(Key.clockAhead, host.clock.offset)] + bound
  }

  private mutating func addUnknown(_ slot: UInt16) {
    places[slot] = sources.count
    names[slot] = "process \(slot)"
    sources.append(
      SpanSource(attributes: [
        Attribute(Key.serviceName, "process \(slot)"), Attribute(Key.run, snapshot.runID), Attribute(Key.slot, slot),
      ]))
  }

  /// A UUID that is the same whenever this process of this run is exported (version 8 of RFC 9562: of one's own making).
  private func instance(_ process: LogProcess) -> String {
    let id = UInt64(UInt32(bitPattern: process.identity.pid)) << 16 | UInt64(UInt16(truncatingIfNeeded: process.slot))
    let high = Self.mix(runHash ^ id) & ~0xf000 | 0x8000
    let low = Self.mix(runHash &+ Self.mix(process.identity.startTicks ^ id)) & ~(3 << 62) | 2 << 62
    let digits = Array(SpanID(rawValue: high).hex + SpanID(rawValue: low).hex)
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
  }

  // MARK: Words

  func text(_ id: UInt32) -> String { snapshot.strings[id] }

  /// Unix time; what a broken log claims beyond 1970 and 2262 is cut off there, so that later stays later; 0
  /// would mean that nothing was said.
  func unix(_ time: UInt64) -> UInt64 {
    let (sum, isTooLarge) = Int64(bitPattern: snapshot.wallOffset).addingReportingOverflow(Int64(clamping: time))
    return isTooLarge ? UInt64(Int64.max) : UInt64(max(1, sum))
  }

  func service(_ slot: UInt16) -> String { names[slot] ?? "" }

  func source(_ slot: UInt16) -> Int { places[slot] ?? 0 }

  func thread(_ record: Record) -> [Attribute] {
    guard record.thread != 0 else { return [] }
    var list = [Attribute(Key.threadID, record.thread), Attribute(Key.osThread, record.thread)]
    if let name = threads[ThreadKey(record)], !text(name).isEmpty {
      list.append(Attribute(Key.threadName, text(name)))
    }
    return list
  }

  /// What a request asks for: its route, with the user's name where that is known.
  func path(of request: SpanGroup) -> String {
    let name = Self.split(text(request.first(.arrive)?.name ?? 0))
    let user = request.text("user", snapshot.strings)
    guard !user.isEmpty else { return name.rest }
    return name.rest.split(separator: "/", omittingEmptySubsequences: false)
      .map { $0 == "{username}" ? Self.percentEncoded(user) : String($0) }.joined(separator: "/")
  }

  private static let methods: Set<String> = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY",
  ]

  /// `GET /route` in its two parts; the method is empty where there is none.
  static func split(_ name: String) -> (method: String, rest: String) {
    let parts = name.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, methods.contains(String(parts[0])) else { return ("", name) }
    return (String(parts[0]), String(parts[1]))
  }

  private static func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || (48...57).contains(byte))
      if isPlain || "-._~".utf8.contains(byte) { return String(Character(scalar)) }
      return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  // MARK: Ids

  /// SplitMix64: different inputs, different outputs.
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  static func hash(_ text: String) -> UInt64 { FNV1a.hash(text.utf8) }

  /// For a span whose id another one has already: it keeps its own as an attribute, and points to the other one.
  func rename(_ span: inout SpanModel, from id: SpanID) {
    span.attributes.append(Attribute(Key.span, id.hex))
    span.links.append(SpanModel.Link(trace: span.trace, span: id))
  }
}
