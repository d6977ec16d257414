import ArgumentParser
import Supervisor
import ChainModel

struct Pool: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Change a service's worker threads and queue limit while it runs.",
    discussion: "EXAMPLE: chainlab pool payment-service threads=8 queue=16")

  @OptionGroup var lab: Lab
  @Argument(help: "A service, one replica of it (payment-service-2), or all.") var service: String
  @Argument(help: ArgumentHelp("threads=N (1 to 4096), queue=N (0 to 100000), or both.", valueName: "key=value"))
  var settings: [String]

  func validate() throws {
    try lab.expectService(service)
    _ = try parse()
  }

  func run() throws {
    try ExitCodes.reporting {
      let change = try parse()
      for control in try lab.controls(service) {
        try control.setPool(change)
        Output.result("\(control.replica.text): \(settings.joined(separator: " "))")
      }
    }
  }

  private func parse() throws -> PoolChange {
    var change = PoolChange()
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let number = Int(parts[1]) else {
        throw ValidationError("found '\(setting)', expected threads=N or queue=N")
      }
      switch parts[0] {
      case "threads": change.threads = try checked(number, "threads", PoolChange.threadRange)
      case "queue": change.queue = try checked(number, "queue", PoolChange.queueRange)
      default: throw ValidationError(Typo.unknown("key", String(parts[0]), among: ["threads", "queue"]))
      }
    }
    return change
  }

  private func checked(_ number: Int, _ key: String, _ range: ClosedRange<Int>) throws -> Int {
    guard range.contains(number) else {
      throw ValidationError("\(key): found \(number), expected \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}
