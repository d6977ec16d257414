package import ChainSimulator

/// Runs simulations at the same time, on all processors.
package enum SimulationBatch {
  /// - Returns: in the plans' order; nil for one with more in flight than a run keeps.
  /// - Throws: the first other error; `CancellationError` after Ctrl-C.
  package static func run(
    _ plans: [SimulationPlan], progress: (Int) -> Void = { _ in }
  ) async throws -> [SimulationResult?] {
    try await withThrowingTaskGroup(of: (Int, SimulationResult?).self) { group in
      var results: [SimulationResult?] = Array(repeating: nil, count: plans.count)
      for (index, plan) in plans.enumerated() {
        group.addTask {
          if Interruption.hasCome { throw CancellationError() }
          return (index, try Self.result(plan))
        }
      }
      var done = 0
      for try await (index, result) in group {
        results[index] = result
        done += 1
        progress(done)
      }
      return results
    }
  }

  private static func result(_ plan: SimulationPlan) throws -> SimulationResult? {
    do {
      return try plan.run()
    } catch SimulationError.tooManyInFlight {
      return nil
    }
  }
}
