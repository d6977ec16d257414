import ArgumentParser
import ChainModel
import ChainSimulator
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
  private static let seeds = 20
  private static let attempts = 200

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
        let outcome = try await outcome(number)
        tally.add(outcome)
        Output.note("\(number)/\(cases)  \(outcome.line)")
      }
      Output.result(json ? WireJSON.encode(tally) : Array(tally.text.utf8))
      guard tally.holds else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }

  private func outcome(_ number: Int) async throws -> ObjectiveOutcome {
    let (drawn, advice) = try await draw(number)
    let nothing = Change([], of: drawn.chain.topology)
    let unchanged = try await MeasuredChain(drawn.chain).run(nothing)
    var outcome = ObjectiveOutcome(drawn, unchanged: ServedFigures(unchanged))
    guard let proposal = advice.proposals.first else { return outcome }
    outcome.change = proposal.change
    outcome.simulated = proposal.trial.middle
    outcome.measured = ServedFigures(try await MeasuredChain(drawn.chain, keep: keep).run(proposal.change))
    return outcome
  }

  /// Until one is missed in every run.
  private func draw(_ number: Int) async throws -> (ObjectiveCase, Advice) {
    let cores = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    for attempt in 0..<Self.attempts {
      let drawn = try ObjectiveCase(seed: seed, number: number, attempt: attempt, cores: cores)
      let plans = (0..<Self.seeds).map { drawn.chain.plan(Change([], of: drawn.chain.topology), seed: $0) }
      let results = try await SimulationBatch.run(plans)
      guard results.allSatisfy({ $0.map { !drawn.objective.misses(ServedFigures($0)).isEmpty } ?? true }) else {
        continue
      }
      var advisor = Advisor(drawn.chain, drawn.objective, seeds: Self.seeds) { try await SimulationBatch.run($0) }
      return (drawn, try await advisor.advise())
    }
    throw SimulationError.invalid(
      what: "case \(number)", found: "\(Self.attempts) draws that meet their objectives", expected: "one that misses")
  }
}
