import ChainModel
import ChainSimulator
import Glibc

/// One drawn case: a chain that misses its objective, run as it is and as the advisor proposes.
package struct ObjectiveTrial {
  let seed: UInt64
  let number: Int
  /// A new folder for the run of the proposal; without it, nothing is left.
  let keep: String?

  private static let seeds = 20
  /// So many draws, at most, until one misses its objective.
  private static let attempts = 200

  package init(seed: UInt64, number: Int, keep: String?) {
    (self.seed, self.number, self.keep) = (seed, number, keep)
  }

  /// - Throws: when no such case is found, or its chain does not start.
  package func run() async throws -> ObjectiveOutcome {
    let (drawn, advice) = try await draw()
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
  private func draw() async throws -> (ObjectiveCase, Advice) {
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
