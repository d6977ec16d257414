import ArgumentParser
import ChainModel
import Experiments
import Supervisor
import Topology

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show each service's IO model, threads, queue, memory and faults.",
    discussion: """
      EXAMPLE: chainlab status
      BUSY of all worker threads; QUEUED of the longest queue allowed. RESERVED is address space (VmSize), the STACKS of \
      all threads included; USED is memory (RSS). A terminal that is too narrow gets the columns in blocks.
      """)

  @OptionGroup var lab: Lab
  @Flag(help: "Print JSON: one object per service.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let chain = try lab.chain()
      let answers = chain.state.services.map { service in
        (service, Result { try ControlClient(service.replica, port: service.controlPort).status() })
      }
      if json {
        Output.result(WireJSON.encode(answers.compactMap { try? $0.1.get() }))
      } else {
        Output.result("run \(chain.run.id)")
        if !chain.isSupervised { Output.note("its supervisor has died; clean up with: \(CommandHint("down"))") }
        Output.result(Self.table(answers))
        Self.elsewhere(chain).forEach(Output.result)
        Self.notes(answers).forEach(Output.result)
        for service in chain.state.services {
          if let problem = service.problem { Output.result("\(service.replica.text) cannot be started: \(problem)") }
        }
        if let page = chain.state.page, page.state != .ready { Output.result(Up.words(page)) }
      }
      let failures = answers.compactMap { answer -> (any Error)? in
        guard case .failure(let error) = answer.1 else { return nil }
        return error
      }
      for failure in failures.dropFirst() { Output.note("chainlab: \(failure)") }
      if let failure = failures.first { throw failure }
    }
  }

  /// The columns that are looked at most come first: what does not fit stands below, by service again.
  private static func table(_ answers: [(ChainState.Service, Result<ServiceStatus, any Error>)]) -> String {
    typealias Row = (service: ChainState.Service, answer: Result<ServiceStatus, any Error>)
    func column(_ title: String, otherwise: String = "–", _ cell: @escaping (ServiceStatus) -> String) -> TableColumn<
      Row
    > {
      TableColumn(title) { row in (try? row.answer.get()).map(cell) ?? otherwise }
    }
    let columns: [TableColumn<Row>] = [
      TableColumn("SERVICE") { $0.service.replica.text },
      TableColumn("MODEL") { (try? $0.answer.get())?.mode.rawValue ?? $0.service.state.rawValue },
      column("BUSY") { "\($0.pool.busy)/\($0.pool.threads)" },
      column("QUEUED") { "\($0.pool.queued)/\($0.pool.queueLimit)" }, column("IN FLIGHT") { "\($0.inFlight)" },
      TableColumn("RESTARTS") { "\($0.service.restarts)" },
      column("STACKS", otherwise: "") { FigureText.bytes($0.memory.stacks) },
      column("RESERVED", otherwise: "") { FigureText.bytes($0.memory.virtual) },
      column("USED", otherwise: "") { FigureText.bytes($0.memory.resident) },
      column("THREADS", otherwise: "") { threads($0.threads) },
    ]
    return TextTable(answers.map { (service: $0.0, answer: $0.1) }, columns: columns).text
  }

  /// Services that are only called, and whether somebody listens there.
  private static func elsewhere(_ chain: ChainLauncher.Chain) -> [String] {
    let services = (try? Topology.load(path: chain.run.configurationPath))?.services ?? []
    return services.compactMap { service in
      service.url.map { url in
        let problem = Reachability.problem(url)
        return
          "\(service.name.rawValue) is elsewhere, at \(url.text): \(problem.map { "not reachable (\($0))" } ?? "reachable")"
      }
    }
  }

  /// Faults, the end of what has died, policies and admission rules that are not as they would be without being told.
  private static func notes(_ answers: [(ChainState.Service, Result<ServiceStatus, any Error>)]) -> [String] {
    answers.flatMap { service, answer -> [String] in
      guard let status = try? answer.get() else {
        return service.lastEnd.map { ["ended  \(service.replica.text): \($0)"] } ?? []
      }
      let isPlain = status.admission == ServiceStatus.Admission()
      return status.faults.map { "fault  \(status.service): \(PlainText.clean($0))" }
        + PolicyVerb.lines(status) { status.policies[$0] != "none" }.map { "policy  \($0)" }
        + (isPlain ? [] : ["admission  \(AdmissionVerb.line(status))"])
        + (status.limits.isShedding ? ["overload  \(overload(status))"] : [])
    }
  }

  private static func overload(_ status: ServiceStatus) -> String {
    "\(status.service): more to do than it can; at most \(status.limits.inFlight) requests in flight, the rest refused"
  }

  private static func threads(_ threads: ServiceStatus.Threads) -> String {
    let roles = [
      (threads.workers, "worker"), (threads.loops, "loop"), (threads.hired, "hired"), (threads.store, "store"),
      (threads.control, "control"),
    ]
    return roles.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }
}
