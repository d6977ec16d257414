import ArgumentParser
import ChainModel
import Supervisor

struct Fault: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Break a service while it runs, or mend it.",
    discussion: """
      EXAMPLES:
        chainlab fault payment-service latency=1s
        chainlab fault payment-service latency=p50:10ms,p90:50ms,p99:1s share=20%
        chainlab fault order-service error=503 share=10% for=30s
        chainlab fault gateway block-loop=500ms user=ada
        chainlab fault all clear

      SETTINGS: one fault, and what says which requests it hits. A latency is
        \(Latency.forms).
      \(ChainModel.Fault.table.help)
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A service, one replica of it (payment-service-2), or all.") var service: String
  @Argument(help: ArgumentHelp("clear, or a fault with its options.", valueName: "key=value")) var words: [String]

  func validate() throws {
    try lab.expectService(service)
    guard words != ["clear"] else { return }
    _ = try ChainModel.Fault.asked(words)
  }

  func run() throws {
    try ExitCodes.reporting {
      if words == ["clear"] {
        for control in try lab.controls(service) {
          try control.clearFaults()
          Output.result("\(control.replica.text): no faults")
        }
        return
      }
      let fault = try ChainModel.Fault.asked(words)
      for control in try lab.controls(service) {
        try control.setFault(fault)
        Output.result("\(control.replica.text): \(PlainText.clean(fault.text))")
      }
    }
  }
}
