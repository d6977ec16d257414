import ChainModel

/// A run while it goes on: a heap of events, the requests in flight, and the services that they are at.
///
/// What an event leads to within the same instant is put into `ready` and done from there, in order: so nothing recurses,
/// however long a queue or a chain is.
struct Simulation<Sink: RecordSink> {
  let plan: SimulationPlan
  var program: Program
  let end: UInt64
  /// No request is sent from here on.
  let lastDue: UInt64
  let hop: UInt64
  let script: [ScriptedStep]
  var nextStep = 0
  var frames = Frames()
  var heap = EventHeap()
  var ready = FrameList()
  var stations: [Station] = []
  /// Three for each station: see `workers`, `helpers`.
  var pools: [ThreadPool] = []
  /// By service, the clients last: its instances.
  var instances: [[Int]] = []
  var nextInstance: [Int] = []
  /// Of all stations, one after another.
  var isLoopHeld: [Bool] = []
  var loopQueues: [FrameList] = []
  var loopLoads: [SimulatedLoopLoad] = []
  /// By caller and callee: what the services use for their calls, and how long an attempt may take.
  var gates: [(gate: CallGate, timeout: UInt64)] = []
  /// Those that are shared, then those of each instance that has its own.
  var processors: [Processors]
  var clients: Clients
  var now: UInt64 = 0
  var events = 0
  var failure: SimulationError?
  /// What was counted and added up until the warm-up was over.
  var before: Marks?
  /// And until the load ended; nil: that is the end of the run.
  var after: Marks?
  var sink: Sink
  /// Of the requests that do several things at the same time: the parts that they have begun.
  var parts: [Int: [Int]] = [:]
  var names = LogNames()
  var ids: RandomStream

  init(_ plan: SimulationPlan, sink: Sink) {
    self.plan = plan
    self.sink = sink
    program = Program(plan)
    lastDue = plan.load.warmUp.nanoseconds + plan.load.duration.nanoseconds
    end = lastDue + plan.load.drain.nanoseconds
    hop = plan.system.hop.nanoseconds
    script = ScriptedStep.inOrder(plan.changes)
    processors = [Processors(service: nil, count: plan.system.cores)]
    clients = Clients(plan.load)
    ids = RandomStream(seed: plan.load.seed, .ids)
    for (index, service) in plan.system.services.enumerated() { add(service, index) }
    let load = Station(clientsOf: plan.system.services.count, firstGate: gates.count, seed: plan.load.seed)
    instances.append([stations.count])
    stations.append(load)
    for _ in program.callees[load.service] { addGate(plan.load.rules, timeout: nil) }
    nextInstance = Array(repeating: 0, count: instances.count)
    for _ in 0..<Frames.reserved { _ = newFrame() }
  }

  private mutating func add(_ service: SimulatedService, _ index: Int) {
    var own: [Int] = []
    for replica in 0..<service.replicas {
      own.append(stations.count)
      if service.cores != nil { processors.append(Processors(service: index, count: service.cores)) }
      stations.append(
        Station(
          service, index, replica: replica, firstLoop: loopQueues.count,
          processors: service.cores == nil ? 0 : processors.count - 1, firstGate: gates.count, seed: plan.load.seed))
      let model = service.model
      pools.append(
        ThreadPool(threads: model.threads(service.threads, loops: service.loops), isActive: model.holdsThread))
      pools.append(ThreadPool(threads: service.threads * service.width, isActive: service.hires(model)))
      pools.append(ThreadPool(threads: service.storeThreads, isActive: model.usesStorePool))
      for _ in 0..<service.loops {
        isLoopHeld.append(false)
        loopQueues.append(FrameList())
        loopLoads.append(SimulatedLoopLoad(service))
      }
      for callee in program.callees[index] {
        addGate(service.rules[callee] ?? .plain, timeout: service.timeout)
      }
    }
    instances.append(own)
  }

  private mutating func addGate(_ policy: CallPolicy, timeout: Duration?) {
    gates.append((CallGate(policy), (policy.timeout ?? timeout)?.nanoseconds ?? .max))
  }

  // MARK: Running

  /// So many events are between two looks whether the run is to go on.
  private static var lookMask: Int { 0xfff }

  mutating func run() throws(SimulationError) {
    prepare()
    while let event = heap.pop(until: end) {
      now = event.time
      events += 1
      happen(event.frame)
      while let frame = ready.pop(&frames) { act(frame) }
      if let failure { throw failure }
      if events & Self.lookMask == 0, !sink.goesOn(at: now) { throw .stopped(afterSeconds: Double(now) / 1e9) }
    }
    now = end
    logEnd()
    try verify()
  }

  private mutating func prepare() {
    logStart()
    for index in stations.indices where !stations[index].isLoad { setPools(index) }
    if let first = script.first { heap.schedule(Special.script, at: first.at) }
    heap.schedule(Special.warmUp, at: plan.load.warmUp.nanoseconds)
    if lastDue < end { heap.schedule(Special.loadEnd, at: lastDue) }
    startClients()
    // Requests of the first instant, such as those of clients that do not think.
    while let frame = ready.pop(&frames) { act(frame) }
  }

  /// A request's event, or one of the run's own.
  private mutating func happen(_ frame: Int) {
    switch frames.phase[frame] {
    case .travelling: offer(frame)
    case .connecting: connectAgain(frame)
    case .onCore: endSlice(frame)
    case .sleeping: endSleep(frame)
    case .hanging: endHang(frame, .deadlineExceeded)
    case .calling: timeOut(frame)
    case .returning: deliver(frame)
    case .thinking: ask(frame)
    default: happenToAll(frame)
    }
  }

  private mutating func happenToAll(_ event: Int) {
    switch event {
    case Special.arrival: arrive()
    case Special.script: applyScript()
    case Special.warmUp: before = marks()
    case Special.loadEnd: after = marks()
    default: preconditionFailure("an event of a request that waits for none")
    }
  }

  private mutating func act(_ frame: Int) {
    switch frames.action[frame] {
    case .begin: begin(frame)
    case .helped: startHelp(frame)
    case .waited: waited(frame)
    case .replied: replied(frame)
    }
  }

  // MARK: Turns

  /// Has the request's code go on, in its turn: in the models of event loops, when its loop is free.
  @inline(__always)
  mutating func post(_ frame: Int, _ action: Action) {
    frames.action[frame] = action
    let loop = frames.loop[frame]
    if loop >= 0, !frames.holdsLoop[frame] {
      guard !isLoopHeld[loop] else {
        frames.phase[frame] = .awaitingLoop
        return loopQueues[loop].append(frame, &frames)
      }
      isLoopHeld[loop] = true
      frames.holdsLoop[frame] = true
    }
    frames.phase[frame] = .ready
    ready.append(frame, &frames)
  }

  /// The request's code stops, and its loop, if it holds one, takes up the next request.
  @inline(__always)
  mutating func suspend(_ frame: Int) {
    guard frames.holdsLoop[frame] else { return }
    frames.holdsLoop[frame] = false
    let loop = frames.loop[frame]
    guard let next = loopQueues[loop].pop(&frames) else { return isLoopHeld[loop] = false }
    frames.holdsLoop[next] = true
    frames.phase[next] = .ready
    ready.append(next, &frames)
  }

  /// Why the request must not be worked on any more; `.ok`: nothing.
  @inline(__always)
  func refusal(_ frame: Int) -> Outcome {
    if frames.isCancelled[frame] { return .cancelled }
    return frames.deadline[frame] <= now ? .deadlineExceeded : .ok
  }

  // MARK: Places

  /// The pool that runs whole requests.
  @inline(__always)
  func workers(_ place: Int) -> Int { 3 * place }

  /// The pool whose threads work for this request: hired ones in `async` and for parts that block, store threads in the
  /// non-blocking models.
  @inline(__always)
  func helpers(_ frame: Int) -> Int {
    3 * frames.station[frame] + (frames.model[frame].hiresThreads || isHeldPart(frame) ? 1 : 2)
  }

  // MARK: Frames

  /// With a failure of the run, when there are too many.
  mutating func newFrame() -> Int? {
    guard let frame = frames.take() else {
      failure = .tooManyInFlight(limit: Frames.limit, afterSeconds: Double(now) / 1e9)
      return nil
    }
    heap.grow(to: frame)
    return frame
  }
}

/// Events that belong to no request.
enum Special {
  static let arrival = 0
  static let script = 1
  static let warmUp = 2
  static let loadEnd = 3
}

/// A change at its time.
struct ScriptedStep {
  enum Effect {
    case apply(ScriptedChange.Change)
    /// A fault's own time is over.
    case lift(Fault)
  }

  var at: UInt64
  var service: Int
  var effect: Effect

  static func inOrder(_ changes: [ScriptedChange]) -> [ScriptedStep] {
    var steps: [ScriptedStep] = []
    for change in changes {
      let at = change.at.nanoseconds
      steps.append(ScriptedStep(at: at, service: change.service, effect: .apply(change.change)))
      if case .fault(let fault) = change.change, let duration = fault.duration {
        steps.append(ScriptedStep(at: at + duration.nanoseconds, service: change.service, effect: .lift(fault)))
      }
    }
    return steps.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }
}
