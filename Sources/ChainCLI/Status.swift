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
      all threads included; USED is memory (RSS). A terminal that is too narrow gets the columns in blocks. Of more than \
      \(Output.mostInFull) services, those in the same state stand in one line, with the least and the most of each figure.
      Exits with 7 as long as the services of a host are not known to be ready.
      """)

  @OptionGroup var lab: Lab
  @Flag(help: "Show each service in a line of its own, however many there are.") var all = false
  @Flag(help: "Print JSON: one object per service.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let chain = try lab.chain()
      let answers = chain.state.services.map { service in
        (service: service, status: Result { try ControlClient(service).status() })
      }
      if json {
        Output.result(WireJSON.encode(answers.compactMap { try? $0.status.get() }))
      } else {
        show(chain, answers)
      }
      let failures = answers.compactMap { answer -> (any Error)? in
        guard case .failure(let error) = answer.status else { return nil }
        return error
      }
      for failure in failures.dropFirst() { Output.note("chainlab: \(failure)") }
      if let failure = failures.first { throw failure }
      // Not to be taken for a chain that has no more services than these.
      if let host = chain.run.unreadyHost() {
        throw SupervisorError.hostFailed(host, reason: "its services are not known to be ready yet")
      }
    }
  }

  private func show(_ chain: ChainLauncher.Chain, _ answers: [StatusTable.Answer]) {
    let isFolded = !all && answers.count > Output.mostInFull
    Output.result("run \(chain.run.id)")
    if !chain.isSupervised { Output.note("its supervisor has died; clean up with: \(CommandHint("down"))") }
    Output.result(StatusTable(answers, isFolded: isFolded).text)
    if let topology = try? chain.run.topology() {
      Self.elsewhere(topology).forEach(Output.result)
    }
    StatusNote.lines(answers.flatMap { Self.notes($0) }, isFolded: isFolded).forEach(Output.result)
    for service in chain.state.services {
      if let problem = service.problem { Output.result("\(service.replica.text) cannot be started: \(problem)") }
    }
    if let page = chain.state.page, page.state != .ready { Output.result(Up.words(page)) }
    if isFolded { Output.note("each service in a line of its own: \(CommandHint("status --all"))") }
  }

  /// Services that are only called, and whether somebody listens there.
  static func elsewhere(_ topology: Topology) -> [String] {
    topology.services.filter { !topology.isStarted($0) }.map { service in
      let place =
        service.url.map { "elsewhere, at \($0.url)" } ?? "on host \(service.host), at \(service.endpoint.text)"
      let problem = Reachability.problem(service.endpoint)
      // Only the host itself knows where the others are.
      let isOneOfSeveral = service.url == nil && service.replicas > 1
      let further = isOneOfSeveral ? "; only the first of \(service.replicas) is called from here" : ""
      return "\(service.name.rawValue) is \(place): \(problem.map { "not reachable (\($0))" } ?? "reachable")\(further)"
    }
  }

  /// Faults, the end of what has died, policies and admission rules that are not as they would be without being told.
  private static func notes(_ answer: StatusTable.Answer) -> [StatusNote] {
    guard let status = try? answer.status.get() else {
      return answer.service.lastEnd.map { [StatusNote(kind: "ended", subject: answer.service.replica.text, text: $0)] }
        ?? []
    }
    func note(_ kind: String, _ text: String) -> StatusNote {
      StatusNote(kind: kind, subject: status.service, text: text)
    }
    let isPlain = status.admission == ServiceStatus.Admission()
    return status.faults.map { note("fault", PlainText.clean($0)) }
      + PolicyVerb.rows(status) { status.policies[$0] != "none" }.map {
        StatusNote(kind: "policy", subject: $0.call, text: $0.text)
      }
      + (isPlain ? [] : [note("admission", AdmissionVerb.rules(status))])
      + (status.limits.isShedding ? [note("overload", overload(status))] : [])
  }

  private static func overload(_ status: ServiceStatus) -> String {
    "more to do than it can; at most \(status.limits.inFlight) requests in flight, the rest refused"
  }
}
