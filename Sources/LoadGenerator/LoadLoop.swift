import CPlatform
import ChainModel
import NIOCore
import NIOHTTP1

/// One event loop's part of a run: it decides when requests start and keeps its own connections, deadlines and counts.
final class LoadLoop: @unchecked Sendable {  // what changes is touched on `eventLoop` only
  let eventLoop: any EventLoop
  let plan: LoadPlan
  private let run: LoadRun
  private let index: Int
  private let limit: Int
  private let promise: EventLoopPromise<LoopReport>

  private var maker: RequestMaker
  private var spans: SpanLog?
  private var report = LoopReport()
  private var inFlight: [UInt64: ClientConnection] = [:]
  /// Last in, first out; those that were closed meanwhile are dropped when they come up.
  private var idle: [ClientConnection] = []
  private var timeouts = TimeoutQueue()
  private var timeoutIsArmed = false
  private var schedule: AnyIterator<Arrival>?
  private var upcoming: Arrival?
  private var activeClients = 0
  private var isFinished = false

  /// How many requests are begun before the loop looks at its sockets again.
  private static let batch = 64
  /// How long a client of a closed loop waits after a request that got no answer: a port that refuses connections
  /// would otherwise keep a core busy.
  private static let pauseAfterFailure: UInt64 = 10_000_000

  init(run: LoadRun, index: Int, eventLoop: any EventLoop) {
    self.run = run
    self.index = index
    self.eventLoop = eventLoop
    plan = run.plan
    limit = Self.share(of: run.limit, index, of: run.plan.loops)
    promise = eventLoop.makePromise()
    maker = RequestMaker(plan: run.plan, measuredFrom: run.window.lowerBound)
  }

  /// Each part is as large as the others, or one larger.
  private static func share(of total: Int, _ index: Int, of count: Int) -> Int {
    total / count + (index < total % count ? 1 : 0)
  }

  /// Is there when every request has its outcome, or when the run is cancelled; never fails.
  var future: EventLoopFuture<LoopReport> { promise.futureResult }

  func result() async -> LoopReport {
    await withCheckedContinuation { continuation in
      future.whenSuccess { continuation.resume(returning: $0) }
    }
  }

  // MARK: Begin and end

  func start() {
    eventLoop.execute { [self] in
      guard !isFinished else { return }
      let name = "load-\(index)"
      chain_set_thread_name(name)
      spans = SpanLog(writer: run.log, threadName: name, paths: plan.paths)
      schedule(at: run.startAt) { $0.begin() }
    }
  }

  private func begin() {
    guard !isFinished else { return }
    switch plan.arrival {
    case .closed(let clients):
      let own = stride(from: index, to: clients, by: plan.loops)
      activeClients = own.underestimatedCount
      for client in own { ask(UInt64(client)) }
      finishIfOver()
    case .open(let rate, let spacing):
      let all = ArrivalSchedule(
        rate: rate, spacing: spacing, length: plan.warmUp + plan.duration, seed: plan.seed)
      let (index, loops) = (UInt64(index), UInt64(plan.loops))
      schedule = AnyIterator(all.lazy.filter { $0.index % loops == index }.makeIterator())
      upcoming = schedule?.next()
      sendDue()
    }
  }

  /// Requests in flight stay without outcome; the report is there at once.
  func cancel() {
    eventLoop.execute { [self] in
      guard !isFinished else { return }
      report.wasCancelled = true
      let now = Monotonic.now()
      for connection in inFlight.values {
        guard let request = connection.request else { continue }
        report.abandon(request)
        spans?.abandon(request, at: now)
        connection.close()
      }
      finish()
    }
  }

  private func finishIfOver() {
    if !isFinished, activeClients == 0, upcoming == nil, inFlight.isEmpty { finish() }
  }

  private func finish() {
    isFinished = true
    for connection in idle { connection.close() }
    idle = []
    inFlight = [:]
    spans?.close()
    report.finishedAt = Monotonic.now()
    promise.succeed(report)
  }

  // MARK: When requests start

  /// Open loop: begins what is due by now, and comes back when more is.
  private func sendDue() {
    guard !isFinished else { return }
    let now = Monotonic.now()
    for _ in 0..<Self.batch {
      guard let arrival = upcoming, run.startAt + arrival.offset <= now else { break }
      upcoming = schedule?.next()
      offer(arrival.index, dueAt: run.startAt + arrival.offset)
    }
    guard let upcoming else { return finishIfOver() }
    schedule(at: run.startAt + upcoming.offset) { $0.sendDue() }
  }

  private func offer(_ index: UInt64, dueAt: UInt64) {
    guard inFlight.count < limit else {
      run.counts.refuse()
      return report.refuse(measured: dueAt >= run.window.lowerBound)
    }
    send(index, dueAt: dueAt, now: Monotonic.now())
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
    report.start(measured: request.isMeasured)
    run.counts.start()
    spans?.start(request)
    timeouts.trim { inFlight[$0] != nil }
    timeouts.add(index, deadline: maker.deadline(request).nanoseconds)
    armTimeout()
    if let connection = takeIdle() {
      inFlight[index] = connection
      connection.send(request)
    } else {
      let connection = ClientConnection(owner: self, first: request)
      report.connections += 1
      inFlight[index] = connection
      // A second later than the loop's own timeout, which is the one that counts.
      connection.connect(to: run.address, timeout: .nanoseconds(Int64(plan.timeout.nanoseconds)) + .seconds(1))
    }
  }

  private func takeIdle() -> ClientConnection? {
    while let connection = idle.popLast() {
      if connection.isIdle { return connection }
    }
    return nil
  }

  func head(_ request: LoadRequest) -> HTTPRequestHead { maker.head(request, at: Monotonic.now()) }

  func end(_ request: LoadRequest, _ outcome: LoadOutcome, on connection: ClientConnection) {
    guard inFlight.removeValue(forKey: request.index) != nil else { return }
    let now = Monotonic.now()
    report.end(request, outcome, at: now, window: run.window)
    run.counts.end(outcome)
    spans?.end(request, outcome, at: now)
    if connection.isIdle { idle.append(connection) }
    if case .closed(let clients) = plan.arrival { askNext(after: request, outcome, at: now, clients: clients) }
    finishIfOver()
  }

  // MARK: Timers

  private func armTimeout() {
    guard !timeoutIsArmed, let deadline = timeouts.nextDeadline else { return }
    timeoutIsArmed = true
    schedule(at: deadline) { $0.giveUpLate() }
  }

  private func giveUpLate() {
    timeoutIsArmed = false
    let now = Monotonic.now()
    while let index = timeouts.popExpired(at: now) { inFlight[index]?.giveUp() }
    timeouts.trim { inFlight[$0] != nil }
    armTimeout()
  }

  private func schedule(at time: UInt64, _ action: @escaping @Sendable (LoadLoop) -> Void) {
    let now = Monotonic.now()
    eventLoop.scheduleTask(in: .nanoseconds(Int64(time > now ? time - now : 0))) { action(self) }
  }
}
