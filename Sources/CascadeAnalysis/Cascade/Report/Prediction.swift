import ChainModel

/// What Little's law says about the onset, beside what was measured: from a step at t*, N/λ ≤ T − t* ≤ N/(λ − μ), where N
/// are the threads that were free at t*. It holds while requests arrive at a steady rate, whatever becomes of them.
///
/// Keys: `step_ns` (t*: the last change from outside before the onset, else the first arrival), `after_change` (which of
/// the two), `free_threads`, `arrivals_per_s` (λ), `completions_per_s` (μ, while saturated), `earliest_ns`, `latest_ns`
/// (absent if λ ≤ μ), `measured_ns` (T − t*), `service_time_ns` (mean), `load_threads` (λ·L: saturated for good if above
/// N), `arrivals_since_per_s` and `completions_since_per_s` (from t* to T), `judgement` (see `Judgement`).
package struct Prediction: Encodable, Hashable, Sendable {
  package enum Judgement: String, Encodable, Sendable {
    case holds
    /// The bounds lie so far apart that the law says nothing.
    case saysNothing = "says_nothing"
    /// What was measured lies outside of them: one of the law's premises did not hold.
    case contradicted
  }

  package var step: UInt64
  package var isAfterChange: Bool
  package var freeThreads: Int
  package var arrivals: Double
  package var completions: Double
  package var earliest: UInt64
  package var latest: UInt64?
  package var measured: UInt64
  package var serviceTime: UInt64
  package var loadThreads: Double
  package var arrivalsSince: Double
  package var completionsSince: Double

  /// Bounds further apart than this say nothing.
  private static let widest = 5.0
  /// From this factor on a rate has changed.
  private static let steady = 1.25

  package var judgement: Judgement {
    // The onset shows with the first request that queues: one arrival after the last thread was taken.
    let slack = arrivals > 0 ? 1e9 / arrivals + Double(earliest) / 50 : 0
    let measured = Double(measured)
    guard measured >= Double(earliest) - slack, latest.map({ measured <= Double($0) + slack }) ?? true else {
      return .contradicted
    }
    guard let latest, Double(latest) <= max(slack, Double(earliest)) * Self.widest else { return .saysNothing }
    return .holds
  }

  package var holds: Bool { judgement == .holds }

  /// One sentence or two: what was measured, and what the law has to say of it.
  func text(_ service: String) -> String {
    let start = isAfterChange ? "the change" : "the first request"
    let onset = "\(service) was saturated \(FigureText.duration(measured)) after \(start)"
    switch judgement {
    case .holds:
      let threads = FigureText.count(freeThreads, "free thread")
      return "\(onset); Little's law predicts \(bounds) (\(threads), \(rate(arrivals))/s in, "
        + "\(rate(completions))/s out)"
    case .saysNothing:
      return "\(onset). Little's law sets no useful bound: \(rate(arrivals)) requests a second arrived and "
        + "\(rate(completions)) ended"
    case .contradicted: return "\(onset). Little's law predicts \(bounds), but it does not apply here: \(difference)"
    }
  }

  private var bounds: String {
    guard let latest else { return "\(FigureText.duration(earliest)) or later" }
    let (low, high) = (FigureText.duration(earliest), FigureText.duration(latest))
    return low == high ? low : "\(low) to \(high)"
  }

  /// The premise that did not hold.
  private var difference: String {
    let start = isAfterChange ? "the change" : "the first request"
    if Self.differ(arrivalsSince, arrivals) {
      return "it takes a steady load, and from \(start) on \(rate(arrivalsSince)) requests a second arrived, not "
        + rate(arrivals)
    }
    if Self.differ(completionsSince, completions) {
      return "it takes a steady service, and \(rate(completionsSince)) requests a second ended before the onset, "
        + "\(rate(completions)) after it"
    }
    return isAfterChange
      ? "some threads that were free at the change were taken by something else, or given back, before the onset"
      : "no change set it off"
  }

  private static func differ(_ left: Double, _ right: Double) -> Bool {
    left > right * steady || right > left * steady
  }

  private func rate(_ value: Double) -> String { FigureText.number(value) }

  private enum CodingKeys: String, CodingKey {
    case judgement
    case step = "step_ns"
    case isAfterChange = "after_change"
    case freeThreads = "free_threads"
    case arrivals = "arrivals_per_s"
    case completions = "completions_per_s"
    case earliest = "earliest_ns"
    case latest = "latest_ns"
    case measured = "measured_ns"
    case serviceTime = "service_time_ns"
    case loadThreads = "load_threads"
    case arrivalsSince = "arrivals_since_per_s"
    case completionsSince = "completions_since_per_s"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(judgement, forKey: .judgement)
    try keys.encode(step, forKey: .step)
    try keys.encode(isAfterChange, forKey: .isAfterChange)
    try keys.encode(freeThreads, forKey: .freeThreads)
    try keys.encode(arrivals, forKey: .arrivals)
    try keys.encode(completions, forKey: .completions)
    try keys.encode(earliest, forKey: .earliest)
    try keys.encodeIfPresent(latest, forKey: .latest)
    try keys.encode(measured, forKey: .measured)
    try keys.encode(serviceTime, forKey: .serviceTime)
    try keys.encode(loadThreads, forKey: .loadThreads)
    try keys.encode(arrivalsSince, forKey: .arrivalsSince)
    try keys.encode(completionsSince, forKey: .completionsSince)
  }
}
