import ArgumentParser
import ChainModel
import Experiments
import Supervisor

struct Scale: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run more or fewer replicas of a service while it runs; no request is dropped.",
    discussion: """
      EXAMPLE: chainlab scale payment-service 3
      Callers use the replicas in turn. payment-service names all of them, payment-service-2 the second one alone. A new \
      replica starts as services.yaml says, without faults. The gateway cannot be scaled: nothing in front of it balances.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "user-service, order-service or payment-service.") var service: String
  @Argument(help: "How many, 1 to 8.") var replicas: Int

  func validate() throws {
    guard ReplicaName.numbers.contains(replicas) else {
      throw ValidationError(
        "replicas: found \(replicas), expected \(ReplicaName.numbers.lowerBound) to \(ReplicaName.numbers.upperBound)")
    }
    guard let name = ServiceName(rawValue: service) else {
      let known = ServiceName.allCases.filter { $0 != .gateway }.map(\.rawValue)
      throw ValidationError(Typo.unknown("service", service, among: known))
    }
    guard name != .gateway else { throw ValidationError("\(SupervisorError.cannotScale(service: service))") }
  }

  func run() throws {
    try ExitCodes.reporting {
      guard let name = ServiceName(rawValue: service) else { throw LabError.noSuchService(service) }
      let chain = try lab.launcher().scale(name, to: replicas) { progress in
        if case .service(let replica, let state) = progress { Output.note("  \(replica.text): \(state.rawValue)") }
      }
      guard let chain else { throw LabError.notRunning }
      let ports = chain.state.services.filter { $0.name == name }.map {
        "\($0.replica.text) on \($0.port), control \($0.controlPort)"
      }
      Output.result("\(service): \(replicas) (\(ports.joined(separator: "; ")))")
    }
  }
}
