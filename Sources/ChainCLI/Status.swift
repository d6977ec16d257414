import ArgumentParser
import ChainModel
import Supervisor

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show each service's IO model, threads, memory and faults.",
    discussion: """
      EXAMPLE: chainlab status
      RESERVED is address space (VmSize), stacks included; USED is memory (RSS).
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
        Output.result(
          "run \(chain.run.id)\(chain.isSupervised ? "" : " (its supervisor has died: chainlab down cleans up)")")
        Output.result(Self.table(answers))
        Self.rules(answers.compactMap { try? $0.1.get() }).forEach(Output.result)
      }
      let failures = answers.compactMap { answer -> (any Error)? in
        guard case .failure(let error) = answer.1 else { return nil }
        return error
      }
      for failure in failures.dropFirst() { Output.note("chainlab: \(failure)") }
      if let failure = failures.first { throw failure }
    }
  }

  private static func table(_ answers: [(ChainState.Service, Result<ServiceStatus, any Error>)]) -> String {
    var table = TextTable([
      "SERVICE", "MODEL", "IN FLIGHT", "BUSY", "QUEUE", "THREADS", "STACKS", "RESERVED", "USED", "RESTARTS", "FAULTS",
    ])
    for (service, answer) in answers {
      guard let status = try? answer.get() else {
        table.add(
          [service.replica.text, service.state.rawValue] + Array(repeating: "-", count: 7)
            + ["\(service.restarts)", service.lastEnd ?? ""])
        continue
      }
      let pool = status.pool
      table.add([
        status.service, status.mode.rawValue, "\(status.inFlight)", "\(pool.busy)/\(pool.threads)",
        "\(pool.queued)/\(pool.queueLimit)", threads(status.threads), FigureText.bytes(status.memory.stacks),
        FigureText.bytes(status.memory.virtual), FigureText.bytes(status.memory.resident), "\(service.restarts)",
        status.faults.joined(separator: "; "),
      ])
    }
    return table.text
  }

  /// Policies and admission rules that are not as they would be without being told.
  private static func rules(_ statuses: [ServiceStatus]) -> [String] {
    statuses.flatMap { status in
      let isPlain = status.admission == ServiceStatus.Admission()
      return PolicyVerb.lines(status) { status.policies[$0] != "none" }.map { "policy  \($0)" }
        + (isPlain ? [] : ["admission  \(AdmissionVerb.line(status))"])
    }
  }

  private static func threads(_ threads: ServiceStatus.Threads) -> String {
    let roles = [
      (threads.workers, "worker"), (threads.loops, "loop"), (threads.hired, "hired"), (threads.store, "store"),
      (threads.control, "control"),
    ]
    return "\(threads.total) (\(roles.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")))"
  }
}
