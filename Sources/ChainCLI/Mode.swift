import ArgumentParser
import Supervisor
import ChainModel

extension IOModel {
  static var names: [String] { allCases.map(\.rawValue) }
}

struct Mode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Switch a service to another IO model while it runs; no request is dropped.",
    discussion: "EXAMPLE: chainlab mode gateway nonblocking-async")

  @OptionGroup var lab: Lab
  @Argument(help: "A service, one replica of it (payment-service-2), or all.") var service: String
  @Argument(
    help: "blocking, async, nonblocking or nonblocking-async.", completion: .list(IOModel.names),
    transform: Form<IOModel>.choice.option)
  var model: IOModel

  func validate() throws { try lab.expectService(service) }

  func run() throws {
    try ExitCodes.reporting {
      for control in try lab.controls(service) {
        try control.setMode(model)
        Output.result("\(control.replica.text): \(model.rawValue)")
      }
    }
  }
}
