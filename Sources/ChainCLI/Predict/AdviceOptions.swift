import ArgumentParser
import ChainModel
import ChainSimulator
import Topology

/// What `predict` does beyond one simulation: sweeps, and advice.
struct AdviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Simulate once for each value and mark the knee: \(SweepAxis.syntax).", valueName: "what=values"))
  var sweep: String?
  @Option(help: "With --sweep: at most this many values.") var steps = 64
  @Option(
    name: .shortAndLong, help: ArgumentHelp("With --sweep: also write a page with plots.", valueName: "file.html"))
  var output: String?
  @Option(
    help: ArgumentHelp(
      "Find the smallest change that meets it: \(Objective.syntax).", valueName: "objective"))
  var objective: String?
  @Option(help: "With --objective: in how many runs of different seeds it must hold.") var seeds = 10
  @Flag(
    help: """
      With --objective: run the chain as it is and with the first proposal, on a chain of its own; ends with 1 if the \
      objective is not met.
      """) var verify = false

  func validate() throws {
    guard sweep == nil || objective == nil else {
      throw ValidationError("found --sweep and --objective, expected one of them")
    }
    guard output == nil || sweep != nil else { throw ValidationError("-o: expected together with --sweep") }
    guard !verify || objective != nil else { throw ValidationError("--verify: expected together with --objective") }
    guard SweepAxis.stepRange.contains(steps) else {
      throw ValidationError(
        "--steps: found \(steps), expected \(SweepAxis.stepRange.lowerBound) to \(SweepAxis.stepRange.upperBound)")
    }
    guard (1...100).contains(seeds) else { throw ValidationError("--seeds: found \(seeds), expected 1 to 100") }
    _ = try axis()
    _ = try goal()
  }

  var isWanted: Bool { sweep != nil || objective != nil }

  /// The load is said once: by the options, by the sweep or by the objective.
  func validate(with options: SimulationOptions) throws {
    let own: String? =
      switch (try axis()?.subject, try goal()?.load) {
      case (.rate, _), (.closed, _): "--sweep"
      case (_, .some): "--objective"
      default: nil
      }
    guard let own else { return try options.requireLoad() }
    guard options.closed == nil, options.rate == nil else {
      throw ValidationError("found a load in \(own) and as --closed or --rate, expected one of them")
    }
  }

  private func axis() throws -> SweepAxis? {
    do { return try sweep.map { text throws(SettingError) in try SweepAxis.parse(text, steps: steps) } } catch {
      throw ValidationError("--sweep: \(error)")
    }
  }

  private func goal() throws -> Objective? {
    do { return try objective.map { text throws(ObjectiveError) in try Objective.parse(text) } } catch {
      throw ValidationError("--objective: \(error)")
    }
  }

  /// - Returns: false if nothing of this was asked for.
  func run(_ options: SimulationOptions, costs: StepCostTable, json: Bool) async throws -> Bool {
    if let axis = try axis() {
      try await PredictSweep(axis: axis, options: options, costs: costs, page: output).run(json: json)
      return true
    }
    if let objective = try goal() {
      try await PredictObjective(
        objective: objective, options: options, costs: costs, seeds: seeds, isVerified: verify
      ).run(json: json)
      return true
    }
    return false
  }
}
