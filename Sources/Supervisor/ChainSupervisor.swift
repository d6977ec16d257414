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
  private var journal: RunJournal
  private var writer: LogWriter?

  /// So often it is seen to that the run's files are there and say what is so.
  private static let lookAtFiles = Duration.seconds(1)

  /// Runs a chain until SIGTERM, SIGINT or SIGHUP. Everything it has to say is in the run's `chain.json` as well.
  /// - Returns: the process's exit code: `ok`, or `notReady` if it was stopped before the chain was ready.
  package static func run(_ options: SupervisorOptions) throws(SupervisorError) -> Int32 {
    // What its services write is nobody else's to read.
    umask(0o077)
    let signals = try SignalInbox.install()
    let supervisor = try ChainSupervisor(options, signals)
    let becameReady: Bool
    do throws(SupervisorError) {
      try supervisor.prepare()
      becameReady = try supervisor.start()
    } catch {
      supervisor.fail(error)
      throw error
    }
    supervisor.watch()
    try supervisor.stop()
    return (becameReady ? ExitCode.ok : .notReady).rawValue
  }

  private init(_ options: SupervisorOptions, _ signals: SignalInbox) throws(SupervisorError) {
    self.options = options
    self.signals = signals
    let run = try RunStore(root: options.root).find(options.runID)
    let logPath = try run.record().log
    let services = Self.replicas(options, run: run, log: logPath)
    journal = try RunJournal(run, services: services)
    self.run = run
    self.logPath = logPath
    self.services = services
    page = SupervisedPage(options, run: run)
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
      writer = try LogWriter(path: logPath, name: "supervisor")
    } catch {
      throw .traceLog(error)
    }
  }

  /// Returns true when all services are ready, false when the supervisor is asked to stop before that.
  private func start() throws(SupervisorError) -> Bool {
    let deadline = Deadline(after: options.readyTimeout, from: Monotonic.now())
    // First, so that it listens by the time its address is told.
    startPage()
    while !signals.stopRequested {
      for index in services.indices {
        if let end = reap(index) {
          let service = services[index]
          throw .exitedEarly(service: service.name, end: end, lastLine: service.lastLine, log: service.output)
        }
        try services[index].advance()
      }
      introduce()
      try journal.note(services)
      let late = services.filter { !$0.life.isReady || !$0.isIntroduced }
      guard let latest = late.last else {
        try journal.enter(.ready)
        logger.info("the chain is ready", metadata: ["run.id": "\(run.id)"])
        return true
      }
      guard !deadline.hasPassed(at: Monotonic.now()) else {
        throw .notReady(
          services: late.map(\.name), after: options.readyTimeout, lastLine: latest.lastLine, log: latest.output)
      }
      signals.wait(for: ServiceLife.askEvery)
    }
    return false
  }

  // MARK: Watch

  private func watch() {
    while !signals.stopRequested {
      for index in services.indices {
        let wasReady = services[index].life.isReady
        if reap(index, asked: services[index].isEnding) != nil, !wasReady { moveIfFurther(index) }
        advance(index)
      }
      rescale()
      introduce()
      retire()
      startPage()
      say(journal.keep(services))
      let now = Monotonic.now()
      let pauses = services.compactMap { $0.life.pause(at: now) } + (isChanging ? [ServiceLife.askEvery] : [])
      signals.wait(for: min(pauses.min() ?? Self.lookAtFiles, Self.lookAtFiles))
    }
  }

  private func startPage() { tolerate { () throws(SupervisorError) in try page?.advance() } }

  private func advance(_ index: Int) {
    let before = services[index].life
    do throws(SupervisorError) {
      try services[index].advance()
    } catch {
      services[index].postpone()
      logger.error("a service could not be started", metadata: ["error": "\(error)"])
    }
    if services[index].life.isReady, !before.isReady {
      logger.info("a service is ready again", metadata: ["service.name": "\(services[index].name)"])
    }
  }

  /// Notes the end of a service's process, if it has ended. Exit code 0 is nothing to note when it was asked to end.
  private func reap(_ index: Int, asked: Bool = false) -> ProcessEnd? {
    guard let (process, end) = services[index].reap() else { return nil }
    if asked, end == .exited(0) { return end }
    let name = services[index].name
    let pid = process.identity.pid
    logger.warning(
      "a service's process has ended",
      metadata: ["service.name": "\(name)", "process.pid": "\(pid)", "process.end": "\(end)"])
    if let writer {
      writer.scribe(thread: chain_thread_id()).write(
        Record(
          kind: .processDied, other: end.recorded, name: writer.intern(name, as: .identity),
          arg: UInt32(bitPattern: pid)))
    }
    return end
  }

  private func say(_ news: RunJournal.News?) {
    switch news {
    case .failing(let error):
      logger.error("a file of the run cannot be written; it is tried again", metadata: ["error": "\(error)"])
    case .restored: logger.error("the run's folder was removed, and has been made anew")
    case .recovered: logger.notice("the files of the run can be written again")
    case nil: break
    }
  }

  /// A chain that runs is not ended because its files cannot be written.
  func tolerate(_ work: () throws(SupervisorError) -> Void) {
    do throws(SupervisorError) {
      try work()
    } catch {
      logger.error("a file of the run could not be written", metadata: ["error": "\(error)"])
    }
  }

  // MARK: Stop

  private func stop() throws(SupervisorError) {
    tolerate { () throws(SupervisorError) in try journal.enter(.stopping) }
    do throws(SupervisorError) {
      try endServices()
      try endLog()
    } catch {
      tolerate { () throws(SupervisorError) in try journal.end(.ended, because: error) }
      throw error
    }
    try journal.end(.ended, because: nil)
    logger.info("the chain has ended", metadata: ["run.id": "\(run.id)"])
  }

  private func fail(_ error: SupervisorError) {
    logger.error("the chain could not be started", metadata: ["error": "\(error)"])
    tolerate { () throws(SupervisorError) in try endServices() }
    tolerate { () throws(SupervisorError) in try endLog() }
    tolerate { () throws(SupervisorError) in try journal.end(.failed, because: error) }
  }

  /// Asks all services to end, kills those that do not, and waits for each.
  private func endServices() throws(SupervisorError) {
    page?.end()
    for (number, patience) in [(SIGTERM, options.stopTimeout), (SIGKILL, .seconds(5))] {
      for service in services { service.signal(number) }
      let deadline = Deadline(after: patience, from: Monotonic.now())
      while !deadline.hasPassed(at: Monotonic.now()) {
        for index in services.indices { _ = reap(index, asked: true) }
        guard services.contains(where: { $0.child != nil }) else { return }
        // A child that ends wakes it up.
        signals.wait(for: .milliseconds(100))
      }
    }
    throw .cannotStop(pids: services.compactMap { $0.child?.identity.pid })
  }

  private func endLog() throws(SupervisorError) {
    writer?.close()
    writer = nil
    try journal.saveLog()
  }
}
