import ArgumentParser
import Supervisor
import ChainModel

struct Pool: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Change a service's worker threads and queue limit while it runs.",
    discussion: """
      EXAMPLE: chainlab pool payment-service threads=8 queue=16

      SETTINGS: one or more; the others stay as they are.
      \(PoolChange.table.help)
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A service, one replica of it (payment-service-2), or all.") var service: String
  @Argument(help: ArgumentHelp("One setting or both.", valueName: "key=value")) var words: [String]

  func validate() throws {
    try lab.expectService(service)
    _ = try PoolChange.asked(words)
  }

  func run() throws {
    try ExitCodes.reporting {
      let change = try PoolChange.asked(words)
      for control in try lab.controls(service) {
        try control.setPool(change)
        Output.result("\(control.replica.text): \(change.text)")
      }
    }
  }
}
