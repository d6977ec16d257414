/// What an advisor found: each figure simulated.
///
/// Keys: `objective`, `implied` (what is meant besides, if anything), `margin`, `load`, `seeds`, `configured` (see
/// `Trial`), `reasons` (of closed forms, why the chain as configured does not do; see `Bound`), `proposals` (smallest
/// first; see `Proposal`), `forbidden_by` (closed forms that no change can get round), `best` (the figures of the chain
/// without limits, if nothing helps), `simulations`.
package struct Advice: Encodable, Sendable {
  package enum Verdict: String, Encodable, Sendable {
    case holds
    /// The objective holds, but not with the margin.
    case narrow
    case misses
  }

  /// One chain over all seeds. Keys: `verdict`, `held` (in how many of the runs at the load asked for), `runs`, `middle`
  /// and `worst` (of each figure, over the runs; see `ServedFigures`), `with_margin` (the worst, with more load).
  package struct Trial: Hashable, Encodable, Sendable {
    package var held: Int
    package var runs: Int
    package var middle: ServedFigures
    package var worst: ServedFigures
    package var withMargin: ServedFigures
    package var holdsWithMargin: Bool

    package var verdict: Verdict { held < runs ? .misses : holdsWithMargin ? .holds : .narrow }

    private enum CodingKeys: String, CodingKey {
      case verdict, held, runs, middle, worst
      case withMargin = "with_margin"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(verdict, forKey: .verdict)
      try keys.encode(held, forKey: .held)
      try keys.encode(runs, forKey: .runs)
      try keys.encode(middle, forKey: .middle)
      try keys.encode(worst, forKey: .worst)
      try keys.encode(withMargin, forKey: .withMargin)
    }
  }

  /// Keys: `change` (see `Change`), `trial`.
  package struct Proposal: Hashable, Encodable, Sendable {
    package var change: Change
    package var trial: Trial

    package init(change: Change, trial: Trial) {
      self.change = change
      self.trial = trial
    }
  }

  package var objective: Objective
  package var margin: Margin
  package var load: SimulatedLoad.Arrival
  package var configured: Trial
  package var reasons: [Bound] = []
  package var proposals: [Proposal] = []
  package var forbiddenBy: [Bound] = []
  package var best: ServedFigures?
  package var simulations = 0

  package init(_ objective: Objective, margin: Margin, load: SimulatedLoad.Arrival, configured: Trial) {
    self.objective = objective
    self.margin = margin
    self.load = load
    self.configured = configured
  }

  private enum CodingKeys: String, CodingKey {
    case objective, implied, margin, load, configured, reasons, proposals, best, simulations
    case forbiddenBy = "forbidden_by"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(objective.text, forKey: .objective)
    try keys.encodeIfPresent(objective.impliedTerm?.text, forKey: .implied)
    try keys.encode(margin.text, forKey: .margin)
    try keys.encode(load.text, forKey: .load)
    try keys.encode(configured, forKey: .configured)
    try keys.encode(reasons, forKey: .reasons)
    try keys.encode(proposals, forKey: .proposals)
    try keys.encode(forbiddenBy, forKey: .forbiddenBy)
    try keys.encodeIfPresent(best, forKey: .best)
    try keys.encode(simulations, forKey: .simulations)
  }
}

extension SimulatedLoad.Arrival {
  /// `200/s, poisson` or `32 clients`.
  package var text: String {
    switch self {
    case .open(let rate, let spacing): "\(rate.rounded(toDigits: 6).shortText)/s, \(spacing.rawValue)"
    case .closed(let clients, _): "\(clients) clients"
    }
  }
}
