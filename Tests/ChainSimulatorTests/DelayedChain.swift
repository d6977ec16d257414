import ChainModel
import ChainTestSupport
import TraceLog

/// A run of the chain over a network whose delays are drawn, one request after the other, all times on one true clock.
struct DelayedChain {
  /// Nanoseconds that a frame takes one way.
  struct Delay {
    var least: Double
    /// So much more at most, evenly; and one in twenty waits in a queue up to twenty times as long.
    var more: Double
    /// The share of frames that are sent again after 200 ms, and then after twice as long.
    var loss = 0.0

    func draw(_ dice: inout Dice) -> Double {
      var time = least + dice.between(0, more) + (dice.share() < 0.05 ? dice.between(0, 20 * more) : 0)
      var again = 2e8
      while dice.share() < loss {
        time += again
        again *= 2
      }
      return time
    }
  }

  struct Dice {
    private var ids: IDGenerator

    init(seed: Int) { ids = IDGenerator(seed: UInt64(seed)) }

    /// From 0 to 1.
    mutating func share() -> Double { Double(ids.next() >> 11) / Double(1 << 53) }

    mutating func between(_ low: Double, _ high: Double) -> Double { low + share() * (high - low) }

    mutating func id() -> UInt64 { ids.next() }
  }

  static let services: [ServiceName] = [.gateway, .userService, .orderService, .paymentService]
  private static let start = 5e12

  private var dice: Dice
  /// By caller: to the next service, and back.
  private let delays: [(out: Delay, back: Delay)]
  private var records: [Record] = []
  private var strings = LogStrings()
  private var processes: [LogProcess] = []

  /// - Parameters:
  ///   - requests: how many, spread evenly.
  ///   - seconds: at least so long.
  ///   - delays: by caller.
  ///   - dice: from which all else is drawn.
  init(requests: Int, over seconds: Double, delays: [(out: Delay, back: Delay)], dice: Dice) {
    (self.delays, self.dice) = (delays, dice)
    for (slot, service) in Self.services.enumerated() { begin(service, slot) }
    var time = Self.start + 1e6
    for request in 0..<requests {
      time = max(time, Self.start + 1e6 + seconds * 1e9 * Double(request) / Double(requests))
      time = visit(0, at: time, from: 0, TraceID(high: self.dice.id(), low: self.dice.id())) + 1e5
    }
  }

  /// The whole run, as one host would have recorded it.
  var log: LogSnapshot {
    let last = records.map(\.time).max() ?? 0
    return LogSnapshot(
      runID: "delayed", createdAt: UInt64(Self.start), takenAt: last + 1, processes: processes, strings: strings,
      records: records.sorted(by: Record.precedes))
  }

  // MARK: Records

  private mutating func begin(_ service: ServiceName, _ slot: Int) {
    let (place, start) = (ServicePlace(order: slot), UInt64(Self.start))
    processes.append(
      LogProcess(
        slot: slot, name: service.rawValue, place: place,
        identity: ProcessIdentity(pid: Int32(1_000 + slot), startTicks: 7), fate: .stopped, attachedAt: start,
        dropped: 0))
    write(.processStart, Self.start, slot, other: UInt64(place.code), name: service.rawValue, arg: UInt32(1_000 + slot))
    write(.model, Self.start, slot, detail: IOModel.blocking.code)
    write(
      .threadStart, Self.start + 1, slot, other: start + 1, detail: ThreadRole.worker.rawValue,
      name: "\(service.shortName)-w1")
  }

  private mutating func write(
    _ kind: RecordKind, _ time: Double, _ slot: Int, trace: TraceID? = nil, span: UInt64 = 0, other: UInt64 = 0,
    detail: UInt8 = 0, name: String = "", arg: UInt32 = 0
  ) {
    var record = Record(
      kind: kind, time: UInt64(time), trace: trace, span: span, other: other, thread: UInt32(slot * 100 + 1),
      process: UInt16(slot), detail: detail, name: strings.id(of: name), arg: arg)
    record.word = UInt64(records.count + 1)
    records.append(record)
  }

  /// - Returns: when it is answered.
  private mutating func visit(_ slot: Int, at arrival: Double, from client: UInt64, _ trace: TraceID) -> Double {
    let (span, wait, held) = (dice.id(), dice.id(), WaitFlags.held.rawValue)
    write(
      .arrive, arrival, slot, trace: trace, span: span, other: client, name: "GET /", arg: client == 0 ? 0 : 1)
    write(.dequeue, arrival + 2_000, slot, trace: trace, span: span, detail: IOModel.blocking.code)
    let (sent, isLast) = (arrival + dice.between(8_000, 30_000), slot == delays.count)
    var returned = sent + dice.between(2e7, 4e7)
    if isLast {
      write(
        .waitStart, sent, slot, trace: trace, span: span, other: wait, detail: WaitCause.sleep.rawValue,
        name: "the bank", arg: held)
    } else {
      let (callee, delay) = (Self.services[slot + 1].rawValue, delays[slot])
      write(
        .spanStart, sent - 1_000, slot, trace: trace, span: wait, other: span, detail: SpanKind.client.rawValue,
        name: callee, arg: 1)
      write(
        .waitStart, sent, slot, trace: trace, span: span, other: wait, detail: WaitCause.call.rawValue, name: callee,
        arg: held)
      let answered = visit(slot + 1, at: sent + delay.out.draw(&dice), from: wait, trace)
      returned = answered + delay.back.draw(&dice)
    }
    write(
      .waitEnd, returned, slot, trace: trace, span: span, other: wait, detail: WaitOutcome.ok.rawValue, arg: held)
    if !isLast { write(.spanEnd, returned + 1_000, slot, trace: trace, span: wait, arg: 200) }
    let end = returned + dice.between(5_000, 20_000)
    write(.end, end, slot, trace: trace, span: span, arg: 200)
    return end
  }
}
