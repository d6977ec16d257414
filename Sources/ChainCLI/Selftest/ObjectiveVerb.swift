import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import FoundationEssentials
import Glibc
import Supervisor

struct ObjectiveVerb: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "objective",
    abstract: "Draw chains that miss an objective, make what the advisor proposes, and count how often it is met.",
    discussion: """
      EXAMPLES:
        chainlab selftest objective --cases 20 --seed 1
        chainlab selftest objective --seed 1 --only 7 --keep /tmp/case-7      that case once more, its run kept
      Each case draws a chain (pools, IO models, latencies), a load (20 to 150 requests a second) and an objective that \
      the simulated chain misses; asks predict --objective for a change; and runs the chain for ten seconds as \
      it is, and as proposed, on ports of its own.
      Passed: in at least 90 % of the cases the objective is met. Ends with 1 otherwise.
      """)

  @Option(help: "How many cases.") var cases = 20
  @Option(help: "Equal seeds draw equal cases.") var seed: UInt64 = 1
  @Option(help: ArgumentHelp("Only this case, counted from 1.", valueName: "number")) var only: Int?
  @Option(
    help: ArgumentHelp(
      "With --only: keep the run of the proposal, with its log, in this new folder.", valueName: "folder"))
  var keep: String?
  @Flag(help: "Print JSON.") var json = false

  /// A run is short, so that one in many has a burst of arrivals that the others do not have.

  func validate() throws {
    guard (1...1_000).contains(cases) else { throw ValidationError("--cases: found \(cases), expected 1 to 1000") }
    if let only, !(1...1_000).contains(only) {
      throw ValidationError("--only: found \(only), expected the number of a case, 1 to 1000")
    }
    guard keep == nil || only != nil else { throw ValidationError("--keep: expected together with --only") }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      Interruption.watch()
      var tally = ObjectiveTally(seed: seed)
      for number in only.map({ [$0] }) ?? Array(1...cases) {
        if Interruption.hasCome { break }
        let outcome = try await ObjectiveTrial(seed: seed, number: number, keep: keep).run()
        tally.add(outcome)
        Output.note("\(number)/\(cases)  \(outcome.line)")
      }
      Output.result(json ? WireJSON.encode(tally) : Array(tally.text.utf8))
      guard tally.holds else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }
}
