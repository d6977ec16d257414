import ArgumentParser
import ChainModel
import Supervisor

struct AdmissionVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admission",
    abstract: "Change which requests a service accepts, and what it does when a caller gives up.",
    discussion: """
      EXAMPLE: chainlab admission payment-service min_remaining=100ms leave=finish in_flight=100

      min_remaining=100ms  refuse a request with less time left when its turn comes
      leave=finish         finish a request whose caller has gone; cancel stops it
      in_flight=100        at most 100 in flight, 1 to 100000; or adaptive: fewer
                           while requests wait for the service itself
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A service, or all.") var service: String
  @Argument(help: ArgumentHelp("One setting or more; the others stay as they are.", valueName: "key=value"))
  var words: [String]

  func validate() throws {
    try lab.expectService(service)
    do { _ = try AdmissionChange.parse(words: words) } catch { throw ValidationError("\(error)") }
  }

  func run() throws {
    try ExitCodes.reporting {
      let change = try AdmissionChange.parse(words: words)
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
