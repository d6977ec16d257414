import CascadeAnalysis
import ChainModel
import TraceLog

/// A log written by hand. Times are in microseconds from the run's start.
struct TestLog {
  /// A process and one of its threads.
  struct Pen: Hashable {
    var process: UInt16
    var thread: UInt32
  }

  static let createdAt: UInt64 = 5_000_000_000

  var records: [Record] = []
  var strings = LogStrings()
  var processes: [LogProcess] = []
  var completeSince: UInt64 = 0
  var loss = LogLoss()
  /// When the snapshot is taken.
  var takenAt: UInt64 = 1_000_000
  var trace = TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736)

  static func time(_ microseconds: UInt64) -> UInt64 { createdAt + microseconds * 1_000 }

  var snapshot: LogSnapshot {
    LogSnapshot(
      runID: "run-1", createdAt: Self.createdAt, completeSince: completeSince, takenAt: Self.time(takenAt),
      processes: processes, strings: strings, records: records.sorted(by: Record.precedes), loss: loss)
  }

  /// - Returns: the number of the record, for tests that change it afterwards.
  @discardableResult
  mutating func write(
    _ kind: RecordKind, _ at: UInt64, _ pen: Pen, span: UInt64 = 0, other: UInt64 = 0, detail: UInt8 = 0,
    name: String = "", arg: UInt32 = 0
  ) -> Int {
    var record = Record(
      kind: kind, time: Self.time(at), trace: span == 0 ? nil : trace, span: span, other: other, thread: pen.thread,
      process: pen.process, detail: detail, name: strings.id(of: name), arg: arg)
    record.word = UInt64(records.count + 1)
    records.append(record)
    return records.count - 1
  }

  // MARK: Processes and threads

  /// As the services of the chain would be entered, and any other process but the instruments behind them.
  static func place(of name: String, _ slot: Int) -> ServicePlace? {
    if let replica = ReplicaName(name, of: ServiceName.chain) {
      return ServicePlace(order: ServiceName.chain.firstIndex(of: replica.service) ?? 0, number: replica.number)
    }
    return ["load", "supervisor", "verify", "ping"].contains(name) ? nil : ServicePlace(order: 10 + slot)
  }

  mutating func process(
    _ name: String, _ slot: UInt16, pid: Int32? = nil, fate: LogProcess.Fate = .running, model: IOModel? = nil,
    at: UInt64 = 0
  ) {
    let pid = pid ?? 1_000 + Int32(slot)
    processes.append(
      LogProcess(
        slot: Int(slot), name: name, place: Self.place(of: name, Int(slot)),
        identity: ProcessIdentity(pid: pid, startTicks: 7), fate: fate,
        attachedAt: Self.time(at), dropped: 0))
    let pen = Pen(process: slot, thread: UInt32(pid))
    let place = Self.place(of: name, Int(slot))
    write(.processStart, at, pen, other: UInt64(place?.code ?? 0), name: name, arg: UInt32(pid))
    if let model { write(.model, at, pen, detail: model.code) }
  }

  @discardableResult
  mutating func thread(_ slot: UInt16, _ tid: UInt32, _ name: String, _ role: ThreadRole, at: UInt64 = 1) -> Pen {
    let pen = Pen(process: slot, thread: tid)
    write(.threadStart, at, pen, other: Self.time(at), detail: role.rawValue, name: name)
    return pen
  }

  /// A service with one event loop and a pool, as one model needs it.
  /// - Returns: the loop, and the pool's threads `order-w1`, `order-w2`, …
  @discardableResult
  mutating func service(
    _ service: ServiceName, _ slot: UInt16, _ model: IOModel, threads: Int
  ) -> (loop: Pen, pool: [Pen]) {
    process(service.rawValue, slot, model: model)
    let base = UInt32(slot) * 100
    let loop = thread(slot, base, "\(service.shortName)-l1", .loop)
    let role: ThreadRole = model == .blocking ? .worker : model == .async ? .hired : .store
    let letter = role.name.prefix(1)
    let pool = (0..<threads).map {
      thread(slot, base + 1 + UInt32($0), "\(service.shortName)-\(letter)\($0 + 1)", role)
    }
    return (loop, pool)
  }

  // MARK: Requests

  mutating func arrive(_ at: UInt64, _ pen: Pen, _ span: UInt64, from parent: UInt64 = 0, _ route: String) {
    write(.arrive, at, pen, span: span, other: parent, name: route, arg: parent == 0 ? 0 : 1)
  }

  mutating func user(_ at: UInt64, _ pen: Pen, _ span: UInt64, _ name: String) {
    let bytes = Array(name.utf8)
    for offset in stride(from: 0, to: bytes.count, by: 24) {
      let piece = bytes[offset..<min(offset + 24, bytes.count)]
      var words: [UInt64] = [0, 0, 0]
      for (index, byte) in piece.enumerated() { words[index / 8] |= UInt64(byte) << UInt64(8 * (index % 8)) }
      let place = write(
        .attribute, at, pen, span: span, other: words[2], detail: UInt8(piece.count), name: "user", arg: UInt32(offset))
      records[place].traceHigh = words[0]
      records[place].traceLow = words[1]
    }
  }

  mutating func dequeue(_ at: UInt64, _ pen: Pen, _ span: UInt64, _ model: IOModel) {
    write(.dequeue, at, pen, span: span, detail: model.code)
  }

  mutating func end(_ at: UInt64, _ pen: Pen, _ span: UInt64, status: UInt32 = 200, error: String = "") {
    write(.end, at, pen, span: span, name: error, arg: status)
  }

  mutating func wait(
    _ at: UInt64, _ pen: Pen, _ span: UInt64, _ id: UInt64, _ cause: WaitCause, _ target: String, held: Bool = true
  ) {
    write(
      .waitStart, at, pen, span: span, other: id, detail: cause.rawValue, name: target,
      arg: held ? WaitFlags.held.rawValue : 0)
  }

  mutating func endWait(
    _ at: UInt64, _ pen: Pen, _ span: UInt64, _ id: UInt64, held: Bool = true, outcome: WaitOutcome = .ok
  ) {
    write(
      .waitEnd, at, pen, span: span, other: id, detail: outcome.rawValue, arg: held ? WaitFlags.held.rawValue : 0)
  }

  mutating func client(_ at: UInt64, _ pen: Pen, _ id: UInt64, in span: UInt64, _ name: String) {
    write(.spanStart, at, pen, span: id, other: span, detail: SpanKind.client.rawValue, name: name, arg: 1)
  }

  mutating func endClient(_ at: UInt64, _ pen: Pen, _ id: UInt64, status: UInt32 = 200, error: String = "") {
    write(.spanEnd, at, pen, span: id, name: error, arg: status)
  }
}

extension ServiceName {
  /// The lab's own chain, front to back.
  static let chain: [ServiceName] = [.gateway, .userService, .orderService, .paymentService]
}
