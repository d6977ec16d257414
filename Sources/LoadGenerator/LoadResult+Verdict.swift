import ChainModel

/// A load of which no request did what it was sent for.
package enum LoadShortfall: Error, Hashable, Sendable, CustomStringConvertible {
  /// Nothing answered at all.
  case unanswered(place: String, outcomes: String)
  /// There were answers, and none of them was good.
  case noneGood(path: String, outcomes: String, isAlwaysMissing: Bool)
  case nothingSent

  package var description: String {
    switch self {
    case .unanswered(let place, let outcomes):
      "no request was answered (\(outcomes)); expected a service that listens on \(place)"
    case .noneGood(let path, let outcomes, let isAlwaysMissing):
      "no request was good (\(outcomes)); "
        + (isAlwaysMissing ? "\(path) does not exist there: choose another --path" : "expected a status below 400")
    case .nothingSent: "no request was sent; expected a longer --duration or a higher --rate"
    }
  }
}

extension LoadResult {
  /// How many were good, and what became of the others.
  var verdict: String {
    let (good, all) = (measured.successful, measured.started)
    guard all > 0 else { return "no request was sent" }
    let refused = measured.byStatus[503] ?? 0
    let timedOut = measured.byFailure[.timeout] ?? 0
    let parts = [
      (refused, "refused"), (timedOut, "timed out"), (measured.ended - good - refused - timedOut, "failed"),
    ]
    let rest = parts.filter { $0.0 > 0 }.map { "\(FigureText.count($0.0)) \($0.1)" }.joined(separator: ", ")
    let share = FigureText.share(Double(good) / Double(all))
    if good == all { return all == 1 ? "the one request was good" : "all \(FigureText.count(all)) requests were good" }
    return "\(FigureText.count(good)) of \(FigureText.count(all)) requests were good (\(share))"
      + (rest.isEmpty ? "" : "; \(rest)")
  }

  /// Why the load was for nothing; nil where at least one request was good, or where it was interrupted.
  package var shortfall: LoadShortfall? {
    guard !wasCancelled, measured.successful == 0 else { return nil }
    if measured.started == 0 { return .nothingSent }
    if measured.answered == 0 { return .unanswered(place: plan.target.text, outcomes: outcomes) }
    return .noneGood(
      path: plan.paths.joined(separator: ", "), outcomes: outcomes,
      isAlwaysMissing: measured.byStatus[404] == measured.answered)
  }
}
