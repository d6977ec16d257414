import ArgumentParser
import ChainModel
import Supervisor

struct AdmissionVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admission",
    abstract: "Change which requests a service accepts, and what it does when a caller gives up.",
    discussion: """
      EXAMPLE: chainlab admission payment-service min_remaining=100ms leave=finish in_flight=100

      SETTINGS: one or more; the others stay as they are.
      \(AdmissionChange.table.help)
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A service, or all.") var service: String
  @Argument(help: ArgumentHelp("One setting or more; the others stay as they are.", valueName: "key=value"))
  var words: [String]

  func validate() throws {
    try lab.expectService(service)
    _ = try AdmissionChange.asked(words)
  }

  func run() throws {
    try ExitCodes.reporting {
      let change = try AdmissionChange.asked(words)
      for control in try lab.controls(service) {
        try control.setAdmission(change)
        let status = try control.status()
        Output.result("\(status.service): \(Self.rules(status))")
      }
    }
  }

  /// All that are in force.
  static func rules(_ status: ServiceStatus) -> String {
    AdmissionChange(
      minRemaining: .nanoseconds(Int64(status.admission.minRemainingMs * 1e6)), leave: status.admission.leave,
      inFlight: InFlightLimit(status.limits.rule)
    ).text
  }
}
