import CPlatform
import ChainModel
import Glibc
import Logging
import Topology
import TraceLog

/// Starts the services of a run, watches over them, and stops them. It is the main thread of a process of its own, and
/// touches no process that it has not started.
package final class ChainSupervisor {
  let options: SupervisorOptions
  let run: RunFolder
  let logPath: String?
  let logger = Logger(label: "chainlab.supervisor") { StreamLogHandler.standardError(label: $0) }
  var services: [SupervisedService]
  private let signals: SignalInbox
  private var page: SupervisedPage?
  /// One for each other host.
  private var links: [SupervisedLink]
  private var journal: RunJournal
  private var folder = FolderWatch()
  private var complaints = Complaints()
  private var writer: LogWriter?

  /// A page that has not begun to serve by then does not keep the chain from being ready.
  private static let pagePatience = Duration.seconds(5)

  /// Runs a chain until SIGTERM, SIGINT or SIGHUP. Everything it has to say is in the run's `chain.json` as well.
  /// - Returns: the process's exit code: `ok`, or `notReady` if it was stopped before the chain was ready.
  package static func run(_ options: SupervisorOptions) throws(SupervisorError) -> Int32 {
    // What its services write is nobody else's to read.
    umask(0o077)
    let signals = try SignalInbox.install()
    ProcessName.set("chainlab-super")
    let supervisor = try ChainSupervisor(options, signals)
    let becameReady: Bool
    do throws(SupervisorError) {
      try supervisor.prepare()
      becameReady = try supervisor.start()
      if becameReady { supervisor.watch() }
    } catch {
      supervisor.fail(error)
      throw error
    }
    try supervisor.stop()
    return (becameReady ? ExitCode.ok : .notReady).rawValue
  }

  private init(_ options: SupervisorOptions, _ signals: SignalInbox) throws(SupervisorError) {
    self.options = options
    self.signals = signals
    let store = try RunStore(root: options.root)
    let run = try store.find(options.runID)
    let logPath = try run.record().log
    let services = Self.replicas(options, run: run, log: logPath)
    journal = try RunJournal(run, root: store.root, services: services)
    self.run = run
    self.logPath = logPath
    self.services = services
    page = SupervisedPage(options, run: run)
    links = (try run.record().hosts ?? []).map { SupervisedLink($0, options, run: run) }
    if !links.isEmpty { try Folder.make(run.hostsPath) }
  }

  // MARK: Start

  /// Everything that can fail without a process having been started.
  private func prepare() throws(SupervisorError) {
    try journal.enter(.starting)
    try ChainRequirements.check(options.topology, binaries: options.binaries)
    guard let logPath else { return }
    do throws(TraceLogError) {
      try run.makeLogFolder()
      try LogWriter.create(path: logPath, sizeMiB: options.topology.traceLog.sizeMiB, runID: run.id)
      LogMark(log: logPath).set(run)
      writer = try LogWriter(path: logPath, name: "supervisor")
    } catch {
      throw .traceLog(error)
    }
  }

  /// Returns true when all services are ready, false when the supervisor is asked to stop before that.
  private func start() throws(SupervisorError) -> Bool {
    let deadline = Deadline(after: options.readyTimeout, from: Monotonic.now())
    var pageDeadline: Deadline?
    // Until the chain is ready, the end of whoever started it is its own end.
    while !signals.stopRequested, !signals.isOrphaned {
      for index in services.indices {
        if let end = reap(index) {
          let service = services[index]
          throw .exitedEarly(service: service.name, end: end, lastLine: service.lastLine, log: service.output)
        }
        advance(index)
      }
      introduce()
      advancePage()
      try journal.note(services, page)
      let now = Monotonic.now()
      let late = services.filter { !$0.life.isReady || !$0.isIntroduced }
      if late.isEmpty {
        pageDeadline = pageDeadline ?? Deadline(after: Self.pagePatience, from: now)
        if page?.isDecided ?? true || pageDeadline?.hasPassed(at: now) ?? false {
          try journal.enter(.ready)
          logger.info("the chain is ready", metadata: ["run.id": "\(run.id)"])
          return true
        }
      } else if let latest = late.last, deadline.hasPassed(at: now) {
        throw .notReady(
          services: late.map(\.name), after: options.readyTimeout, lastLine: latest.problem ?? latest.lastLine,
          log: latest.output)
      }
      signals.wait(for: ServiceLife.askEvery)
    }
    return false
  }

  // MARK: Watch

  private func watch() {
    while !signals.stopRequested, !folder.isLost {
      for index in services.indices {
        let wasReady = services[index].life.isReady
        if reap(index, asked: services[index].isEnding) != nil, !wasReady { moveIfFurther(index) }
        advance(index)
      }
      rescale()
      introduce()
      retire()
      advancePage()
      keepFiles()
      signals.wait(for: pause)
    }
  }

  /// Until something is due that no signal tells of: at the latest, to look after the run's folder.
  private var pause: Duration {
    let now = Monotonic.now()
    let lives = services.map(\.life) + [page?.life].compactMap { $0 } + links.map(\.life)
    let pauses = lives.compactMap { $0.pause(at: now) } + (isChanging ? [ServiceLife.askEvery] : [])
    return pauses.min().map { min($0, FolderWatch.every) } ?? FolderWatch.every
  }

  private func advance(_ index: Int) {
    let wasReady = services[index].life.isReady
    if services[index].advance() { moveIfFurther(index) }
    let service = services[index]
    complain(
      "start \(service.name)", service.problem, begins: "a service cannot be started", isOver: nil,
      ["service.name": "\(service.name)"])
    if service.life.isReady, !wasReady {
      logger.info("a service is ready", metadata: ["service.name": "\(service.name)"])
    }
  }

  private func advancePage() {
    page?.advance()
    for index in links.indices { links[index].advance() }
    complain("page", page?.problem, begins: "the page is not served", isOver: "the page is served again")
  }

  /// Notes the end of a service's process, if it has ended. Exit code 0 is nothing to note when it was asked to end.
  private func reap(_ index: Int, asked: Bool = false) -> ProcessEnd? {
    let wasReady = services[index].life.isReady
    guard let (process, end) = services[index].reap() else { return nil }
    if asked, end == .exited(0) { return end }
    let name = services[index].name
    let pid = process.identity.pid
    // Of one that does not even become ready, it is said once why.
    if wasReady || asked {
      logger.warning(
        "a service's process has ended",
        metadata: ["service.name": "\(name)", "process.pid": "\(pid)", "process.end": "\(end)"])
    }
    if let writer {
      writer.scribe(thread: chain_thread_id()).write(
        Record(
          kind: .processDied, other: end.recorded, name: writer.intern(name, as: .identity),
          arg: UInt32(bitPattern: pid)))
    }
    return end
  }

  // MARK: Files

  /// Writes down what has changed, and makes the run's folder anew when somebody has removed it.
  private func keepFiles() {
    switch folder.look(at: Monotonic.now(), isGone: journal.isGone, isRootGone: journal.isRootGone) {
    case .write: tolerate("files") { () throws(SupervisorError) in try journal.note(services, page) }
    case .wait: break
    case .restore:
      tolerate("files") { () throws(SupervisorError) in
        try journal.restore()
        logger.warning("the run's folder had been removed, and was made anew", metadata: ["run.id": "\(run.id)"])
      }
    }
  }

  /// A chain that runs is not ended because its files cannot be used.
  func tolerate(_ subject: String, _ work: () throws(SupervisorError) -> Void) {
    var problem: String?
    do throws(SupervisorError) { try work() } catch { problem = error.description }
    complain(
      subject, problem, begins: "a file of the run cannot be used", isOver: "the file of the run can be used again")
  }

  /// Says once that something is wrong, and once that it is not any more.
  func complain(
    _ subject: String, _ problem: String?, begins: Logger.Message, isOver: Logger.Message?,
    _ metadata: Logger.Metadata = [:]
  ) {
    switch complaints.note(subject, problem) {
    case .begins(let reason): logger.error(begins, metadata: metadata.merging(["reason": "\(reason)"]) { $1 })
    case .isOver(let reason):
      if let isOver { logger.info(isOver, metadata: metadata.merging(["reason.was": "\(reason)"]) { $1 }) }
    case nil: break
    }
  }

  // MARK: Stop

  private func stop() throws(SupervisorError) {
    if journal.isGone, !journal.isRootGone {
      tolerate("files") { () throws(SupervisorError) in try journal.restore() }
    }
    tolerate("files") { () throws(SupervisorError) in try journal.enter(.stopping) }
    do throws(SupervisorError) {
      try endProcesses()
      try endLog()
    } catch {
      tolerate("files") { () throws(SupervisorError) in try journal.end(.ended, because: error) }
      throw error
    }
    guard !journal.isRootGone else { return }
    try journal.end(.ended, because: nil)
    logger.info("the chain has ended", metadata: ["run.id": "\(run.id)"])
  }

  private func fail(_ error: SupervisorError) {
    logger.error("the chain could not be started", metadata: ["error": "\(error)"])
    tolerate("end") { () throws(SupervisorError) in try endProcesses() }
    tolerate("log") { () throws(SupervisorError) in try endLog() }
    tolerate("files") { () throws(SupervisorError) in try journal.end(.failed, because: error) }
  }

  /// Asks all processes to end, kills those that do not, and waits for each.
  private func endProcesses() throws(SupervisorError) {
    for (number, patience) in [(SIGTERM, options.stopTimeout), (SIGKILL, .seconds(5))] {
      page?.signal(number)
      for link in links { link.signal(number) }
      for service in services { service.signal(number) }
      let deadline = Deadline(after: patience, from: Monotonic.now())
      while !deadline.hasPassed(at: Monotonic.now()) {
        page?.reap()
        for index in links.indices { links[index].reap() }
        for index in services.indices { _ = reap(index, asked: true) }
        let children = services.map(\.child) + links.map(\.child) + [page?.child]
        guard children.contains(where: { $0 != nil }) else { return }
        // A child that ends wakes it up.
        signals.wait(for: .milliseconds(100))
      }
    }
    throw .cannotStop(
      pids: (services.map(\.child) + links.map(\.child) + [page?.child]).compactMap { $0?.identity.pid })
  }

  private func endLog() throws(SupervisorError) {
    writer?.close()
    writer = nil
    guard !journal.isRootGone else {
      // Nobody can look at it any more.
      if let logPath { LogMark(log: logPath).sweep() }
      return
    }
    try journal.saveLog()
  }
}
