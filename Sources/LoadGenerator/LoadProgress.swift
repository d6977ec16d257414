import ChainModel
import Synchronization

/// How far a run is; one is reported every second.
package struct LoadProgress: Hashable, Sendable {
  /// Since the start of the run, warm-up included.
  package var elapsed: Duration
  package var isWarmUp: Bool
  package var inFlight: Int
  /// Requests that ended since the last report, per second.
  package var rate: Double
  /// Failures and answers with a status of 400 and above, so far.
  package var errors: Int
  package var notSent: Int

  /// One line.
  package var text: String {
    let parts = [
      "\(FigureText.seconds(elapsed.seconds.rounded()))\(isWarmUp ? " (warm-up)" : "")", "in flight \(inFlight)",
      FigureText.rate(rate), "errors \(errors)", notSent > 0 ? "not sent \(notSent)" : nil,
    ]
    return parts.compactMap { $0 }.joined(separator: "  ")
  }
}

/// What all loops of a run have done so far, for the progress line alone: the result is counted by each loop for itself.
final class LiveCounts: Sendable {
  private let started = Atomic(0)
  private let ended = Atomic(0)
  private let errors = Atomic(0)
  private let notSent = Atomic(0)

  func start() { started.wrappingAdd(1, ordering: .relaxed) }
  func refuse() { notSent.wrappingAdd(1, ordering: .relaxed) }

  func end(_ outcome: LoadOutcome) {
    ended.wrappingAdd(1, ordering: .relaxed)
    if !outcome.isSuccess { errors.wrappingAdd(1, ordering: .relaxed) }
  }

  var totals: (started: Int, ended: Int, errors: Int, notSent: Int) {
    // The ended first, so that a request that ends meanwhile is not missing from the started.
    let ended = ended.load(ordering: .relaxed)
    return (
      started.load(ordering: .relaxed), ended, errors.load(ordering: .relaxed), notSent.load(ordering: .relaxed)
    )
  }
}

/// Turns running totals into progress reports.
struct ProgressMeter {
  let startAt: UInt64
  let warmUpEnd: UInt64
  private var lastAt: UInt64
  private var lastEnded = 0

  init(startAt: UInt64, warmUpEnd: UInt64) {
    self.startAt = startAt
    self.warmUpEnd = warmUpEnd
    lastAt = startAt
  }

  mutating func report(_ counts: LiveCounts, at now: UInt64) -> LoadProgress {
    let totals = counts.totals
    let seconds = Double(now - lastAt) / 1e9
    defer { (lastAt, lastEnded) = (now, totals.ended) }
    return LoadProgress(
      elapsed: .nanoseconds(Int64(now - startAt)), isWarmUp: now < warmUpEnd, inFlight: totals.started - totals.ended,
      rate: seconds > 0 ? Double(totals.ended - lastEnded) / seconds : 0, errors: totals.errors,
      notSent: totals.notSent)
  }
}
