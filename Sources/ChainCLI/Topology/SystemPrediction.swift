import ChainModel
import ChainSimulator

/// What `predict --topology` prints.
enum SystemPrediction {
  /// More rows than this are for `--json`.
  private static let rows = 20

  static func report(_ plan: SimulationPlan, json: Bool) throws {
    let start = Monotonic.now()
    let prediction = try ChainPrediction(system: plan)
    note(seconds: Double(Monotonic.now() - start) / 1e9, plan)
    if json { return Output.result(WireJSON.encode(prediction)) }
    Output.result(text(prediction))
  }

  private static func note(seconds: Double, _ plan: SimulationPlan) {
    let simulated = plan.load.duration.seconds + plan.load.warmUp.seconds
    Output.note(
      "\(FigureText.seconds(simulated)) of \(plan.system.services.count) services simulated in \(FigureText.seconds(seconds))"
    )
  }

  static func text(_ prediction: ChainPrediction) -> String {
    var shown = prediction
    // Those that were saturated first, then the fullest.
    shown.services = shown.services.enumerated().sorted { left, right in
      let keys = [left, right].map { item in
        (item.element.onset ?? .infinity, -item.element.held / Double(max(1, item.element.threads)), item.offset)
      }
      return keys[0] < keys[1]
    }.map(\.element)
    let saturated = prediction.services.count { $0.onset != nil }
    if shown.services.count > rows { shown.services = Array(shown.services.prefix(rows)) }
    var lines = [Predict.text(shown), "saturated at some time: \(saturated) of \(prediction.services.count) services"]
    if let limit = prediction.limit { lines.append("scarcest, by the closed form: \(limit)") }
    let rest = prediction.services.count - shown.services.count
    if rest > 0 { lines.append("the first \(rows) of them are shown; all: --json") }
    return lines.joined(separator: "\n")
  }
}
