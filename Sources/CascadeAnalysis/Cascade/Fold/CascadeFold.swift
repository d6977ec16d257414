import ChainModel
package import TraceLog

/// One pass over the records of a log, in the order of time, that keeps what a `CascadeReport` needs.
///
/// Memory is bounded by the threads and requests that are open at once, not by the log's length. It takes any records at
/// all: what does not fit is made the best of, since a log may have lost its beginning. (`LogAudit` counts misfits.)
/// It stands beside `ChainReplay`, which answers what is true at one moment and keeps far more of each request.
package struct CascadeFold {
  /// Keeps a hostile log from naming services without end; further ones are counted as one.
  static let serviceLimit = 64
  static let routeLimit = 1024
  static let eventLimit = 256

  var strings: LogStrings
  var options: CascadeOptions
  /// The record's time; never runs backwards.
  var time: UInt64 = 0
  /// The same, within the window.
  var now: UInt64
  var firstRecordAt: UInt64?
  var records = 0

  var services: [FoldService] = []
  var serviceNumbers: [String: Int32] = [:]
  package private(set) var replicas: ReplicaTable
  /// By slot in the log's table; nil for one that is not known.
  var processes: [FoldProcess?] = []
  private var deaths = DeathRegister()
  var threads: [FoldThread] = []
  var threadNodes: [Int32] = []
  var freeThreads: [Int32] = []
  var requests: [FoldRequest] = []
  var requestNodes: [Int32] = []
  var freeRequests: [Int32] = []
  /// By node: a thread's place, or `~` a request's.
  var slots: [Int32] = []
  /// By node: the cause of the wait that its request is in, or 0; and the service whose answer its thread is blocked on.
  var waitCauses: [UInt8] = []
  var waitServices: [Int32] = []
  var holdCallees: [Int32] = []

  var threadTable = SpanTable()
  var requestTable = SpanTable()
  /// The request that a client span has become, and the node that waits in a call, by client span.
  var callees = SpanTable()
  var waiters = SpanTable()
  var locks: [FoldLock.Key: FoldLock] = [:]
  /// The threads that work at what a thread waits to be joined with, by its wait, in the order in which they began.
  var joins: [UInt64: [Int32]] = [:]

  var forest = WaitForest()
  var sinks = SinkNames()
  var knots: [Knot] = []
  /// The event loop that stands still, by service.
  var blockedLoops: [Int32: Int32] = [:]
  var pendingMoves: [Int32] = []
  var knotHeads: [Int32] = []
  var isInKnot: [Bool] = []

  var pools: [PoolGauge] = []
  /// By the place of its thread.
  var loops: [LoopGauge?] = []
  var retiredLoops: [LoopGauge] = []
  /// Requests that wait, by service × 16 + cause.
  var waiting = TimeSums()
  /// Threads of u blocked on d, at u × 64 + d.
  var holds = TimeSums()
  /// Calls of u that arrived at d, at u × 64 + d.
  var calls = Array(repeating: 0, count: serviceLimit * serviceLimit)
  var accounts: [Int32: ThreadAccount] = [:]
  var unbalanced = 0
  var lifetimes = 0
  var intervals: [FoldInterval] = []
  var intervalCount = 0
  /// By service: blame while it was saturated.
  var inside: [Int32: BlameTable] = [:]
  /// One chain of waits, taken when a service became saturated for the first time.
  var chains: [Int32: [String]] = [:]
  var routes: [FoldRoute] = []
  var routeNumbers: [UInt64: Int32] = [:]
  var events: [FoldEvent] = []
  var lateEvents = 0
  /// Told of every stretch of time in which a thread was not idle, or a request waited without one, when it ends.
  package var onSlice: ((LaneSlice) -> Void)?
  /// By slot in the log's table of processes; kept for whoever is told of slices.
  var suspendedRows: [SuspendedRows] = []
  /// Told of how many requests a service's queue holds from a moment on.
  package var onQueue: ((_ service: Int32, _ time: UInt64, _ depth: Int32) -> Void)?
  var recentCallees: [(id: UInt32, service: Int32)] = Array(repeating: (0, -1), count: 64)

  /// Threads, and queues where pools wait for each other, that wait in a circle.
  struct Knot {
    var members: [String]
    var edges: [String]
    var since: UInt64
  }

  /// Takes the log's table of processes (those who come later are known by their records) and its texts (set them anew if
  /// they grow while records are applied).
  package init(processes: [LogProcess], strings: LogStrings, options: CascadeOptions = CascadeOptions()) {
    self.strings = strings
    self.options = options
    replicas = ReplicaTable(processes)
    now = options.from
    forest.now = now
    forest.circleSink = sink(SinkKey(kind: .knot, service: -1, target: .max))
    for process in processes {
      guard let slot = UInt16(exactly: process.slot).map(Int32.init) else { continue }
      let number = service(named: process.name)
      change(process: slot) { $0 = FoldProcess(service: number) }
      deaths.learn(process)
    }
  }

  /// The service that `onQueue` tells of.
  package func serviceName(_ number: Int32) -> String { services[Int(number)].name }

  package mutating func setStrings(_ strings: LogStrings) { self.strings = strings }

  /// How many things are kept: places for threads and requests that are open or were at once, sinks, intervals, routes.
  package var size: Int {
    forest.room + threads.count + requests.count + sinks.keys.count + intervals.count + routes.count
      + events.count
      + loops.count + retiredLoops.count + processes.count + callees.count + waiters.count + locks.count
  }

  /// Whether the record's time lies in the window.
  var isCounting: Bool { time >= options.from && time <= options.to }

  // MARK: Records

  package mutating func apply(_ record: Record) {
    guard let kind = record.kind else { return }
    advance(to: record.time)
    guard time <= options.to else { return }
    records += 1
    switch kind {
    case .attribute, .spanEnd, .sample: return
    case .processDied: return die(record)
    default: break
    }
    let slot = Int32(record.process)
    guard !process(slot).isOver else { return }
    switch kind {
    case .processStart: start(record)
    case .processStop: stop(record)
    case .threadStart: startThread(record)
    case .threadStop: stopThread(record)
    case .pool: resize(record)
    case .model: switchModel(record)
    case .fault: setFault(record)
    case .arrive: arrive(record)
    case .enqueue: enqueue(record)
    case .dequeue: dequeue(record)
    case .end, .reject: finish(record, kind)
    case .spanStart: startSpan(record)
    case .waitStart: record.waitFlags.contains(.held) ? block(record) : suspend(record)
    case .waitEnd: record.waitFlags.contains(.held) ? unblock(record) : resume(record)
    case .workStart: startWork(record)
    case .workEnd: endWork(record)
    case .stall: stall(record)
    case .attribute, .spanEnd, .processDied, .dropped, .sample, .policy, .breaker, .clock: break
    }
  }

  mutating func advance(to next: UInt64) {
    if firstRecordAt == nil { firstRecordAt = next }
    guard next > time else { return }
    time = next
    now = min(max(next, options.from), options.to)
    forest.now = now
  }

  // MARK: Services and processes

  mutating func service(named name: String) -> Int32 {
    if let known = serviceNumbers[name] { return known }
    if services.count >= Self.serviceLimit { return Int32(services.count - 1) }
    let number = Int32(services.count)
    services.append(FoldService(name: services.count == Self.serviceLimit - 1 ? "other services" : name))
    serviceNumbers[name] = number
    forest.reserve(services: services.count)
    waiting.grow(to: services.count * 16, now: now)
    holds.grow(to: services.count * Self.serviceLimit, now: now)
    return number
  }

  /// The service that a call's target names.
  mutating func callee(_ id: UInt32) -> Int32 {
    let place = Int(id & 63)
    if recentCallees[place].service >= 0, recentCallees[place].id == id { return recentCallees[place].service }
    let number = service(named: strings[id])
    recentCallees[place] = (id, number)
    return number
  }

  mutating func process(_ slot: Int32) -> FoldProcess {
    if Int(slot) < processes.count, let known = processes[Int(slot)] { return known }
    while processes.count <= Int(slot) { processes.append(nil) }
    let process = FoldProcess(service: service(named: "process \(slot)"))
    processes[Int(slot)] = process
    return process
  }

  mutating func change(process slot: Int32, _ body: (inout FoldProcess) -> Void) {
    while processes.count <= Int(slot) { processes.append(nil) }
    var changed = processes[Int(slot)] ?? FoldProcess(service: 0)
    body(&changed)
    processes[Int(slot)] = changed
  }

  private mutating func start(_ record: Record) {
    let name = strings[record.name]
    deaths.learn(record, strings)
    guard !name.isEmpty else { return }
    replicas.learn(name, record)
    let number = service(named: name)
    change(process: Int32(record.process)) { if $0.pools == SIMD4(repeating: -1) { $0.service = number } }
    if isFurtherReplica(number) { note(record, number) }
  }

  private mutating func stop(_ record: Record) {
    let slot = Int32(record.process)
    let number = process(slot).service
    if isFurtherReplica(number) { note(record, number) }
    end(process: slot)
  }

  /// Of those that come and go while a chain runs, the log alone says so.
  private func isFurtherReplica(_ service: Int32) -> Bool {
    replicas[services[Int(service)].name].map { !$0.isFirst } ?? false
  }

  private mutating func die(_ record: Record) {
    guard let slot = deaths.slot(ofDeath: record, strings).map(Int32.init), !process(slot).isOver else { return }
    note(record, process(slot).service)
    end(process: slot)
  }

  private mutating func end(process slot: Int32) {
    services[Int(process(slot).service)].faults = []
    for place in requests.indices where requestNodes[place] >= 0 && requests[place].process == slot {
      // Whoever was with it gets no answer any more.
      if isCounting { services[Int(requests[place].service)].open += 1 }
      drop(place)
    }
    for place in threads.indices where threads[place].isAlive && threads[place].process == slot { retire(place) }
    change(process: slot) { $0.isOver = true }
  }

  private mutating func resize(_ record: Record) {
    let slot = Int32(record.process)
    let threads = Int32(clamping: record.arg)
    let known = process(slot).configured
    change(process: slot) { process in
      process.configured = threads
      process.queueLimit = record.other
    }
    for place in [0, 1] {
      let pool = Int(process(slot).pools[place])
      guard pool >= 0 else { continue }
      pools[pool].flush(now)
      pools[pool].configured = threads
      judge(pool)
    }
    if let known, known != threads { note(record, process(slot).service) }
  }

  private mutating func setFault(_ record: Record) {
    let number = process(Int32(record.process)).service
    note(record, number)
    services[Int(number)].faults.removeAll { $0 == record.name }
    guard record.detail != 0, services[Int(number)].faults.count < 64 else { return }
    services[Int(number)].faults.append(record.name)
  }

  private mutating func switchModel(_ record: Record) {
    let number = process(Int32(record.process)).service
    guard let model = IOModel(code: record.detail) else { return }
    if let before = services[Int(number)].model, before != model { note(record, number) }
    services[Int(number)].model = model
  }

  private mutating func note(_ record: Record, _ service: Int32) {
    guard isCounting, let change = ServiceChange(record, strings) else { return }
    for index in pools.indices { pools[index].busyAtEvent = pools[index].busy }
    guard events.count < Self.eventLimit else { return lateEvents += 1 }
    let counts = EventCounts(
      arrivals: services.map(\.arrivals.count), ended: services.map(\.ended), ok: services.map(\.ok))
    events.append(FoldEvent(time: time, service: service, change: change, counts: counts))
  }
}
