import ChainModel
import EventLoop

/// One event loop's part of a run: it decides when requests start and keeps its own connections, deadlines and counts.
final class LoadLoop: @unchecked Sendable {  // what changes is touched on `loop` only
  let loop: EventLoop
  private let plan: LoadPlan
  private let run: LoadRun
  private let index: Int
  private let pools: [Endpoint: ClientPool]
  /// By kind of request.
  private let ways: [ClientPool]

  private var maker: RequestMaker
  private var spans: SpanLog?
  private var report = LoopReport()
  private var inFlight: [UInt64: LoadCall] = [:]
  private var timeouts = TimeoutQueue()
  private var timeoutTimer: Timer?
  private var pacer: Pacer
  private var isSending = false
  /// When the pacer is asked next, and what will do it.
  private var lookAt: UInt64?
  private var lookTimer: Timer?
  private var activeClients = 0
  private var isFinished = false
  private var whenFinished: ((LoopReport) -> Void)?

  /// How many requests are begun before the loop looks at its sockets again.
  private static let batch = 64
  /// How long a client of a closed loop waits after a request that got no answer: a port that refuses connections
  /// would otherwise keep a core busy.
  private static let pauseAfterFailure: UInt64 = 10_000_000

  init(run: LoadRun, index: Int, loop: EventLoop) {
    self.run = run
    self.index = index
    self.loop = loop
    plan = run.plan
    let pools = run.addresses.mapValues { address in
      ClientPool(loop, to: address, parser: HeadParser(), keptFor: LoadPlan.durationRange.upperBound, bodyLimit: nil)
    }
    self.pools = pools
    ways = run.plan.targets.compactMap { pools[$0] }
    maker = RequestMaker(plan: run.plan, measuredFrom: run.window.lowerBound)
    pacer = run.pacer(of: index)
  }

  /// Is there when every request has its outcome, or when the run is cancelled.
  func result() async -> LoopReport {
    await withCheckedContinuation { continuation in
      loop.execute { [self] in
        if isFinished { return continuation.resume(returning: report) }
        whenFinished = { continuation.resume(returning: $0) }
      }
    }
  }

  // MARK: Begin and end

  func start() {
    loop.execute { [self] in
      guard !isFinished else { return }
      spans = SpanLog(writer: run.log, threadName: LoadRun.threadName(index), kinds: plan.kinds)
      switch plan.arrival {
      case .closed: schedule(at: run.startAt) { $0.startClients() }
      case .open: look(at: run.startAt)
      }
    }
  }

  private func startClients() {
    guard !isFinished, case .closed(let clients) = plan.arrival else { return }
    let own = stride(from: index, to: clients, by: plan.loops)
    activeClients = own.underestimatedCount
    for client in own { ask(UInt64(client)) }
    finishIfOver()
  }

  /// Requests in flight stay without outcome; the report is there at once.
  func cancel() {
    loop.execute { [self] in
      guard !isFinished else { return }
      report.wasCancelled = true
      let now = Monotonic.now()
      for call in inFlight.values {
        report.abandon(call.request)
        spans?.abandon(call.request, at: now)
        call.abandon()
      }
      finish()
    }
  }

  private func finishIfOver() {
    if !isFinished, activeClients == 0, pacer.isOver, inFlight.isEmpty { finish() }
  }

  private func finish() {
    isFinished = true
    inFlight = [:]
    lookTimer?.cancel()
    timeoutTimer?.cancel()
    for pool in pools.values { pool.closeAll() }
    spans?.close()
    report.connections = pools.values.reduce(0) { $0 + $1.begunCount }
    (report.late, report.held) = (pacer.late, pacer.held)
    report.finishedAt = Monotonic.now()
    whenFinished?(report)
    whenFinished = nil
  }

  // MARK: When requests start

  /// Open loop: does what is due by now, and comes back when more is.
  private func sendDue() {
    // A request that fails as it is sent has ended before it is counted as sent.
    guard !isFinished, !isSending else { return }
    isSending = true
    defer { isSending = false }
    pacer.look(at: Monotonic.now())
    for _ in 0..<Self.batch {
      let now = Monotonic.now()
      switch pacer.next(at: now, connections()) {
      case .send(let arrival): send(arrival.index, dueAt: pacer.dueAt(arrival), now: now)
      case .refuse(let arrival): skip(arrival, isOverdue: false)
      case .drop(let arrival): skip(arrival, isOverdue: true)
      case .wait(let moment): return look(at: moment)
      case .finish: return finishIfOver()
      }
    }
    pacer.pause(at: Monotonic.now())
    loop.execute { [weak self] in self?.sendDue() }
  }

  private func connections() -> Pacer.Connections {
    timeouts.trim { inFlight[$0] != nil }
    return Pacer.Connections(
      inFlight: inFlight.count, open: pools.values.reduce(0) { $0 + $1.openCount },
      isOneIdle: pools.values.contains { $0.hasRested } && !plan.newConnections,
      oldest: timeouts.oldest.flatMap { inFlight[$0]?.begunAt })
  }

  private func skip(_ arrival: Arrival, isOverdue: Bool) {
    run.counts.refuse()
    report.skip(dueAt: pacer.dueAt(arrival), isOverdue: isOverdue, window: run.window)
  }

  private func look(at moment: UInt64) {
    if let lookAt, lookAt <= moment { return }
    lookTimer?.cancel()
    lookAt = moment
    lookTimer = schedule(at: moment) { loop in
      loop.lookAt = nil
      loop.sendDue()
    }
  }

  /// Closed loop: a client's next request, while the run lasts.
  private func ask(_ index: UInt64) {
    guard !isFinished else { return }
    let now = Monotonic.now()
    guard now < run.window.upperBound else {
      activeClients -= 1
      return finishIfOver()
    }
    send(index, dueAt: now, now: now)
  }

  private func askNext(after request: LoadRequest, _ outcome: LoadOutcome, at now: UInt64, clients: Int) {
    let next = request.index + UInt64(clients)
    switch outcome {
    case .answered: ask(next)
    case .failed: schedule(at: now + Self.pauseAfterFailure) { $0.ask(next) }
    }
  }

  // MARK: A request's life

  private func send(_ index: UInt64, dueAt: UInt64, now: UInt64) {
    let request = maker.make(index: index, dueAt: dueAt, now: now)
    let call = LoadCall(request, begunAt: pacer.ownTime(at: now), owner: self)
    report.start(request, window: run.window)
    run.counts.start()
    spans?.start(request)
    timeouts.trim { inFlight[$0] != nil }
    timeouts.add(index, deadline: maker.deadline(request).nanoseconds)
    armTimeout()
    inFlight[index] = call
    let connection = ways[request.template].send(for: call, isFresh: plan.newConnections, isKept: !plan.newConnections)
    {
      maker.write(request, at: now, to: $0)
    }
    if inFlight[index] === call { call.goes(over: connection) }
  }

  func end(_ call: LoadCall, _ outcome: LoadOutcome) {
    let request = call.request
    guard inFlight.removeValue(forKey: request.index) != nil else { return }
    let now = Monotonic.now()
    pacer.ended(begunAt: call.begunAt, at: now)
    report.end(request, outcome, at: now, window: run.window)
    run.counts.end(outcome)
    spans?.end(request, outcome, at: now)
    if case .closed(let clients) = plan.arrival { askNext(after: request, outcome, at: now, clients: clients) }
    if pacer.isHeld { sendDue() }
    finishIfOver()
  }

  // MARK: Timers

  private func armTimeout() {
    guard timeoutTimer == nil, let deadline = timeouts.nextDeadline else { return }
    timeoutTimer = schedule(at: deadline) { $0.giveUpLate() }
  }

  private func giveUpLate() {
    timeoutTimer = nil
    let now = Monotonic.now()
    while let index = timeouts.popExpired(at: now) { inFlight[index]?.giveUp() }
    timeouts.trim { inFlight[$0] != nil }
    if !isFinished { armTimeout() }
  }

  @discardableResult
  private func schedule(at moment: UInt64, _ action: @escaping (LoadLoop) -> Void) -> Timer {
    loop.schedule(at: moment) { [weak self] in
      if let self { action(self) }
    }
  }
}
