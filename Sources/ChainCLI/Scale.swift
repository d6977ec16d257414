import ArgumentParser
import ChainModel
import Experiments
import Supervisor
import Topology

struct Scale: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run more or fewer replicas of a service while it runs; no request is dropped.",
    discussion: """
      EXAMPLE: chainlab scale payment-service 3
      Callers use the replicas in turn. payment-service names all of them, payment-service-2 the second one alone. A new \
      replica starts as services.yaml says, without faults. A service that clients ask cannot be scaled: nothing in front \
      of it balances.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A service that others call.") var service: String
  @Argument(help: "How many, 1 to 8.", transform: Form<Int>.integer(ReplicaName.numbers).option) var replicas: Int

  func validate() throws {
    guard let topology = try? lab.topology() else { return }
    let known = topology.names.filter { !topology.isEntry($0) }.map(\.rawValue)
    guard topology.index(of: ServiceName(service)) != nil else {
      throw ValidationError(Typo.unknown("service", service, among: known))
    }
    guard topology.isStarted(topology[ServiceName(service)]) else {
      throw ValidationError("\(LabError.notStarted(topology[ServiceName(service)]))")
    }
    guard known.contains(service) else {
      throw ValidationError("\(SupervisorError.cannotScale(service: service))")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let name = ServiceName(service)
      let chain = try lab.launcher().scale(name, to: replicas) { progress in
        if case .service(let replica, let state) = progress { Output.note("  \(replica.text): \(state.rawValue)") }
      }
      guard let chain else { throw LabError.notRunning }
      let ports = chain.state.services.filter { $0.name == name }.map {
        "\($0.replica.text) on \(Up.place($0.endpoint)), control \($0.controlPort)"
      }
      Output.result("\(service): \(replicas) (\(ports.joined(separator: "; ")))")
    }
  }
}
