import ChainModel
import ChainSimulator
import Experiments
import Glibc

/// `simulate --replications N`: the same system and load over several seeds, on all processors, without logs.
enum ReplicatedSimulation {
  static func report(_ plan: SimulationPlan, count: Int, json: Bool) async throws {
    let start = Monotonic.now()
    let plans = plan.replicated(count)
    let results = try await run(plans)
    let replications = Replications(results, seeds: plans.map(\.load.seed))
    let seconds = Double(Monotonic.now() - start) / 1e9
    let rate = Double(replications.events) / 1e6 / seconds
    Output.note(
      "\(count) replications, \(FigureText.count(replications.sent)) requests, at most "
        + "\(FigureText.count(replications.peakInFlight)) in flight, \(FigureText.count(replications.events)) events in "
        + "\(FigureText.seconds(seconds)): \(FigureText.number(rate)) million events a second")
    if json { return Output.result(WireJSON.encode(replications)) }
    Output.result(text(replications))
  }

  /// At most as many at once as there are processors: more would only need more memory.
  private static func run(_ plans: [SimulationPlan]) async throws -> [SimulationResult] {
    let workers = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    return try await withThrowingTaskGroup(of: (Int, SimulationResult).self) { group in
      var results = [SimulationResult?](repeating: nil, count: plans.count)
      var next = 0
      func start() {
        guard next < plans.count else { return }
        let (number, plan) = (next, plans[next])
        next += 1
        group.addTask { (number, try plan.run()) }
      }
      for _ in 0..<min(workers, plans.count) { start() }
      while let (number, result) = try await group.next() {
        results[number] = result
        start()
      }
      return results.compactMap(\.self)
    }
  }

  private static func text(_ replications: Replications) -> String {
    TextTable(
      replications.figures,
      columns: [
        TableColumn("FIGURE") { $0.name }, TableColumn("MEAN") { FigureText.value($0.estimate.mean, $0.unit) },
        TableColumn("95 % CONFIDENCE") { figure in
          figure.estimate.halfWidth.map { "± \(FigureText.value($0, figure.unit))" } ?? "–"
        },
      ]
    ).text
  }
}
