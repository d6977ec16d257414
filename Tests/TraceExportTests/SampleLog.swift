import ChainModel
import TraceLog

/// A chain at work, as its four services and a load generator would have written it: requests through all IO models, with
/// queues, waits of several causes, failures and refusals. Equal seeds give equal logs; all times are whole nanoseconds.
struct SampleLog {
  static let createdAt: UInt64 = 7_000_000_123

  private struct Worker {
    var tid: UInt32
    var busyUntil: UInt64
  }

  private struct Service {
    var name: ServiceName
    var slot: UInt16
    var model: IOModel
    var loop: UInt32
    var workers: [Worker]
  }

  private var random: SplitMix
  private var ids: IDGenerator
  private var texts: [String: UInt32] = [:]
  private(set) var records: [Record] = []
  private var processes: [LogProcess] = []
  private var services: [Service] = []
  private var trace = TraceID(high: 1, low: 1)

  /// Of all services, front to back.
  init(seed: UInt64 = 1, requests: Int = 40, models: [IOModel] = [.blocking, .async, .nonblocking, .blocking]) {
    random = SplitMix(state: seed)
    ids = IDGenerator(seed: seed)
    for (index, name) in ServiceName.chain.enumerated() { addService(name, UInt16(index), models[index]) }
    addProcess("load", 4)
    write(.threadStart, 1_000, 4, 900, other: Self.createdAt + 1_000, detail: 6, name: "load-1")
    var time: UInt64 = 1_000_000
    for number in 0..<requests {
      time += random.next(below: 900_000)
      request(number, at: time)
    }
    for slot in UInt16(0)...4 { write(.processStop, 10_000_000_000, slot, 1) }
  }

  /// The log; `until` cuts it off, so that what was going on then is open.
  func snapshot(until: UInt64 = .max) -> LogSnapshot {
    var kept = records.filter { $0.time <= until }.sorted(by: Record.precedes)
    for index in kept.indices { kept[index].word = UInt64(index) + 1 }
    let isCut = until != .max
    return LogSnapshot(
      runID: "2026-01-02T03-04-05-abcd", wallOffset: 1_790_000_000_000_000_000, createdAt: Self.createdAt,
      takenAt: min(until, Self.createdAt + 11_000_000_000),
      processes: processes.map { process in
        var process = process
        process.fate = isCut ? .died : .stopped
        return process
      },
      strings: LogStrings(Dictionary(uniqueKeysWithValues: texts.map { ($0.value, $0.key) })), records: kept)
  }

  // MARK: Processes

  private mutating func addProcess(_ name: String, _ slot: UInt16) {
    let place = ServiceName.chain.firstIndex(of: ServiceName(name)).map { ServicePlace(order: $0) }
    let pid = 4_000 + UInt32(slot)
    processes.append(
      LogProcess(
        slot: Int(slot), name: name, place: place,
        identity: ProcessIdentity(pid: Int32(pid), startTicks: 77 + UInt64(slot)),
        fate: .stopped, attachedAt: Self.createdAt + 10 + UInt64(slot), dropped: 0))
    write(.processStart, 20 + UInt64(slot), slot, pid, other: UInt64(place?.code ?? 0), name: name, arg: pid)
  }

  private mutating func addService(_ name: ServiceName, _ slot: UInt16, _ model: IOModel) {
    addProcess(name.rawValue, slot)
    let base = 100 * (UInt32(slot) + 1)
    write(.model, 100, slot, base, detail: model.code)
    write(.pool, 110, slot, base, other: 16, arg: 3)
    thread(slot, base, "\(name.shortName)-l1", .loop)
    let role: ThreadRole = model == .blocking ? .worker : model == .async ? .hired : .store
    for index in 1...3 { thread(slot, base + UInt32(index), "\(name.shortName)-\(role.name)\(index)", role) }
    services.append(
      Service(
        name: name, slot: slot, model: model, loop: base,
        workers: (1...3).map { Worker(tid: base + UInt32($0), busyUntil: 0) }))
  }

  private mutating func thread(_ slot: UInt16, _ tid: UInt32, _ name: String, _ role: ThreadRole) {
    write(.threadStart, 200, slot, tid, other: Self.createdAt + 200, detail: role.rawValue, name: name)
  }

  // MARK: Requests

  private mutating func request(_ number: Int, at time: UInt64) {
    trace = ids.nextTrace()
    let span = ids.next()
    write(.spanStart, time, 4, 900, span: span, detail: SpanKind.client.rawValue, name: "GET /users/{username}/orders")
    let user = ["ada", "Żółć łódź Ångström 東京タワー 🧵", "a/b?c"][number % 3]
    let end = serve(0, at: time + gap(), parent: span, user: user, isShed: number % 11 == 10)
    write(
      .spanEnd, end.time + gap(), 4, 900, span: span, name: end.status == 200 ? "" : "\(end.status)", arg: end.status)
  }

  private mutating func gap() -> UInt64 { 1_000 + random.next(below: 90_000) }

  private mutating func serve(
    _ depth: Int, at time: UInt64, parent: UInt64, user: String, isShed: Bool
  ) -> (time: UInt64, status: UInt32) {
    let service = services[depth]
    let span = ids.next()
    let route = depth == 0 ? "GET /users/{username}/orders" : "GET /part/\(depth)"
    write(.arrive, time, service.slot, service.loop, span: span, other: parent, name: route, arg: 1)
    for (offset, piece) in pieces(of: user).enumerated() {
      var record = Record(kind: .attribute, arg: UInt32(offset * 24))
      record.text = piece[...]
      put(record, time, service.slot, service.loop, span: span, name: "user")
    }
    if isShed {
      write(.reject, time + 500, service.slot, service.loop, span: span, name: "queue_full", arg: 503)
      return (time + 500, 503)
    }
    return service.model == .blocking
      ? serveBlocking(depth, at: time, span, user) : serveOnLoop(depth, at: time, span, user)
  }

  private func pieces(of text: String) -> [[UInt8]] {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: 24).map { Array(bytes[$0..<min($0 + 24, bytes.count)]) }
  }

  private mutating func serveBlocking(
    _ depth: Int, at time: UInt64, _ span: UInt64, _ user: String
  ) -> (time: UInt64, status: UInt32) {
    let slot = services[depth].slot
    write(.enqueue, time + 300, slot, services[depth].loop, span: span, arg: UInt32(random.next(below: 3)))
    let index =
      services[depth].workers.indices.min {
        services[depth].workers[$0].busyUntil < services[depth].workers[$1].busyUntil
      } ?? 0
    let tid = services[depth].workers[index].tid
    var now = max(time + 1_000, services[depth].workers[index].busyUntil + 500)
    write(.dequeue, now, slot, tid, span: span, detail: IOModel.blocking.code)
    now = wait(slot, tid, span, now + gap(), .database, "orders by user")
    var status: UInt32 = 200
    if depth < 3 {
      let call = ids.next()
      let callee = services[depth + 1].name.rawValue
      now += gap()
      startCall(slot, tid, call, span, now, callee)
      write(.waitStart, now + 40, slot, tid, span: span, other: call, detail: 1, name: callee, arg: 1)
      let answer = serve(depth + 1, at: now + gap(), parent: call, user: user, isShed: false)
      now = answer.time + gap()
      write(.waitEnd, now, slot, tid, span: span, other: call, name: callee, arg: 1)
      endCall(slot, tid, call, now + 50, answer.status)
      now += 50
      status = answer.status == 200 ? 200 : 502
    } else {
      now = wait(slot, tid, span, now + gap(), .sleep, "fault: latency=1ms", flags: [.held, .injected])
      now = wait(slot, tid, span, now + gap(), .file, "ledger")
      if random.next(below: 9) == 0 { status = 500 }
    }
    now += gap()
    write(.end, now, slot, tid, span: span, name: status == 500 ? "store_failed" : "", arg: status)
    services[depth].workers[index].busyUntil = now
    return (now, status)
  }

  private mutating func wait(
    _ slot: UInt16, _ tid: UInt32, _ span: UInt64, _ time: UInt64, _ cause: WaitCause, _ target: String,
    flags: WaitFlags = .held
  ) -> UInt64 {
    let id = ids.next()
    let end = time + gap() * 4
    write(
      .waitStart, time, slot, tid, span: span, other: id, detail: cause.rawValue, name: target, arg: flags.rawValue)
    write(.waitEnd, end, slot, tid, span: span, other: id, name: target, arg: flags.rawValue)
    return end
  }

  private mutating func serveOnLoop(
    _ depth: Int, at time: UInt64, _ span: UInt64, _ user: String
  ) -> (time: UInt64, status: UInt32) {
    let (slot, loop, model) = (services[depth].slot, services[depth].loop, services[depth].model)
    var now = time + 10
    write(.dequeue, now, slot, loop, span: span, detail: model.code)
    now = hired(depth, span, ids.next(), now + gap(), .database, "users by name") { log, start in start + log.gap() * 3
    }
    guard depth < 3 else {
      write(.end, now + 100, slot, loop, span: span, arg: 200)
      return (now + 100, 200)
    }
    let call = ids.next()
    let callee = services[depth + 1].name.rawValue
    now += gap()
    startCall(slot, loop, call, span, now, callee)
    var answer: (time: UInt64, status: UInt32) = (0, 200)
    if model == .async {
      now = hired(depth, span, call, now + 40, .call, callee) { log, start in
        answer = log.serve(depth + 1, at: start + log.gap(), parent: call, user: user, isShed: false)
        return answer.time + log.gap()
      }
    } else {
      write(.waitStart, now + 40, slot, loop, span: span, other: call, detail: 1, name: callee)
      answer = serve(depth + 1, at: now + gap(), parent: call, user: user, isShed: false)
      now = answer.time + gap()
      write(.waitEnd, now, slot, loop, span: span, other: call, name: callee)
    }
    endCall(slot, loop, call, now + 1, answer.status)
    let status: UInt32 = answer.status == 200 ? 200 : 502
    write(.end, now + 900, slot, loop, span: span, name: status == 200 ? "" : "bad_gateway", arg: status)
    return (now + 900, status)
  }

  /// A wait of a request that another thread works on.
  private mutating func hired(
    _ depth: Int, _ span: UInt64, _ id: UInt64, _ time: UInt64, _ cause: WaitCause, _ target: String,
    _ body: (inout SampleLog, UInt64) -> UInt64
  ) -> UInt64 {
    let (slot, loop) = (services[depth].slot, services[depth].loop)
    let index =
      services[depth].workers.indices.min {
        services[depth].workers[$0].busyUntil < services[depth].workers[$1].busyUntil
      } ?? 0
    let tid = services[depth].workers[index].tid
    write(.waitStart, time, slot, loop, span: span, other: id, detail: cause.rawValue, name: target)
    let start = max(time + 70, services[depth].workers[index].busyUntil + 20)
    write(.workStart, start, slot, tid, span: span, other: id, name: target)
    let isCall = cause == .call
    if isCall { write(.waitStart, start + 9, slot, tid, span: span, other: id, detail: 1, name: target, arg: 1) }
    let end = body(&self, start + 10)
    if isCall { write(.waitEnd, end, slot, tid, span: span, other: id, name: target, arg: 1) }
    write(.workEnd, end + 5, slot, tid, span: span, other: id, name: target)
    services[depth].workers[index].busyUntil = end + 5
    write(.waitEnd, end + 30, slot, loop, span: span, other: id, name: target)
    return end + 30
  }

  private mutating func startCall(
    _ slot: UInt16, _ tid: UInt32, _ id: UInt64, _ span: UInt64, _ time: UInt64, _ callee: String
  ) {
    write(
      .spanStart, time, slot, tid, span: id, other: span, detail: SpanKind.client.rawValue, name: "GET \(callee)",
      arg: 1)
  }

  private mutating func endCall(_ slot: UInt16, _ tid: UInt32, _ id: UInt64, _ time: UInt64, _ status: UInt32) {
    write(.spanEnd, time, slot, tid, span: id, name: status == 200 ? "" : "\(status)", arg: status)
  }

  // MARK: Writing

  /// `time` is from the run's start, or absolute when it is later than that.
  private mutating func write(
    _ kind: RecordKind, _ time: UInt64, _ slot: UInt16, _ tid: UInt32, span: UInt64 = 0, other: UInt64 = 0,
    detail: UInt8 = 0, name: String = "", arg: UInt32 = 0
  ) {
    let record = Record(
      kind: kind, trace: span == 0 ? nil : trace, other: other, detail: detail, arg: arg)
    put(record, time, slot, tid, span: span, name: name)
  }

  private mutating func put(
    _ record: Record, _ time: UInt64, _ slot: UInt16, _ tid: UInt32, span: UInt64, name: String
  ) {
    var record = record
    record.time = Self.createdAt + time
    record.process = slot
    record.thread = tid
    record.span = span
    record.word = UInt64(records.count + 1)
    if !name.isEmpty {
      record.name = texts[name] ?? UInt32(texts.count + 1)
      texts[name] = record.name
    }
    records.append(record)
  }
}

/// A small generator with a seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func next(below limit: UInt64) -> UInt64 { next() % limit }
}

extension ServiceName {
  /// The lab's own chain, front to back.
  static let chain: [ServiceName] = [.gateway, .userService, .orderService, .paymentService]
}
