import ChainModel
import ChainSimulator

/// Advice for people.
struct AdviceText {
  let advice: Advice

  private static let shown = 6

  var text: String {
    ([head, configured, reasons] + [outcome]).filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var head: String {
    let implied = advice.objective.impliedTerm.map { "\nimplied    \($0.text)" } ?? ""
    return "objective  \(advice.objective.text)\(implied)\nload       \(advice.load.text)\n"
      + "margin     each proposal also holds \(advice.margin.text)"
  }

  private var configured: String {
    let trial = advice.configured
    let verdict =
      switch trial.verdict {
      case .holds: "as configured: holds, with the margin, in each of \(trial.runs) runs"
      case .narrow: "as configured: holds in each of \(trial.runs) runs, but not with the margin"
      case .misses: "as configured: misses in \(trial.runs - trial.held) of \(trial.runs) runs"
      }
    var table = TextTable(["  FIGURE", "ASKED", "MEDIAN", "WORST", "WITH MARGIN"])
    for term in advice.objective.allTerms {
      let values = [trial.middle, trial.worst, trial.withMargin].map { term.measure.text($0[term.measure]) }
      table.add(["  \(term.text)", Self.asked(term)] + values)
    }
    return "\(verdict)\n\(table.text)"
  }

  static func asked(_ term: Objective.Term) -> String { term.measure.text(term.limit) }

  private var reasons: String {
    guard !advice.reasons.isEmpty else { return "" }
    return (["why, by closed forms:"] + advice.reasons.map { "  \($0.text)" }).joined(separator: "\n")
  }

  private var outcome: String {
    guard advice.configured.verdict != .holds else { return "no change is needed" }
    guard !advice.proposals.isEmpty else { return forbidden }
    let measures = advice.objective.allTerms.map(\.measure)
    var table = TextTable(
      ["", "CHANGE", "THREADS"] + measures.map { "\($0.rawValue.uppercased()) (WORST)" } + ["WITH MARGIN"])
    for (index, proposal) in advice.proposals.prefix(Self.shown).enumerated() {
      let trial = proposal.trial
      let figures = measures.map { "\($0.text(trial.middle[$0])) (\($0.text(trial.worst[$0])))" }
      let margin = measures.map { $0.text(trial.withMargin[$0]) }.joined(separator: ", ")
      let threads = proposal.change.addedThreads
      table.add(
        ["\(index + 1)", proposal.change.text, threads > 0 ? "+\(threads)" : "\(threads)"] + figures + [margin])
    }
    let more = advice.proposals.count - Self.shown
    let rest = more > 0 ? "\nand \(more) more: --json" : ""
    return "what would help, the smallest change first (\(advice.simulations) simulations):\n\(table.text)\(rest)"
  }

  private var forbidden: String {
    guard advice.forbiddenBy.isEmpty else {
      return (["no change meets it:"] + advice.forbiddenBy.map { "  \($0.text)" }).joined(separator: "\n")
    }
    let best = advice.best.map { best in
      let figures = advice.objective.allTerms.map { "\($0.measure.rawValue) \($0.measure.text(best[$0.measure]))" }
      return "with every service non-blocking and no timeouts, the chain reaches \(figures.joined(separator: ", "))"
    }
    return "no change was found that meets it with the margin (\(advice.simulations) simulations), and no closed form "
      + "forbids it;\n  \(best ?? "without limits, more requests are in flight than a simulation keeps")"
  }
}

/// What was proposed, and what was measured of it.
///
/// Keys: `advice` (see `Advice`), `runs` (see `Run`: the chain as it is, then the first proposal), `met`.
struct VerifiedAdvice: Encodable {
  /// Keys: `change`, `simulated`, `measured` (see `ServedFigures`), `met`.
  struct Run: Encodable {
    var proposal: Advice.Proposal
    var measured: ServedFigures
    var isMet: Bool

    init(_ proposal: Advice.Proposal, _ measured: ServedFigures, _ objective: Objective) {
      self.proposal = proposal
      self.measured = measured
      isMet = objective.misses(measured).isEmpty
    }

    private enum CodingKeys: String, CodingKey {
      case change, simulated, measured
      case isMet = "met"
    }

    func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(proposal.change, forKey: .change)
      try keys.encode(proposal.trial.middle, forKey: .simulated)
      try keys.encode(measured, forKey: .measured)
      try keys.encode(isMet, forKey: .isMet)
    }
  }

  var advice: Advice
  var runs: [Run]
  /// By the last run.
  var isMet: Bool { runs.last?.isMet ?? false }

  private enum CodingKeys: String, CodingKey {
    case advice, runs
    case isMet = "met"
  }

  func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(advice, forKey: .advice)
    try keys.encode(runs, forKey: .runs)
    try keys.encode(isMet, forKey: .isMet)
  }

  var text: String {
    var measures = advice.objective.allTerms.map(\.measure)
    for other in [Objective.Measure.mean, .p99, .goodput] where !measures.contains(other) { measures.append(other) }
    var table = TextTable(["CHAIN", "FIGURE", "ASKED", "SIMULATED", "MEASURED"])
    for run in runs {
      for measure in measures {
        let term = advice.objective.allTerms.first { $0.measure == measure }
        table.add([
          run.proposal.change.text, measure.rawValue, term.map(AdviceText.asked) ?? "",
          measure.text(run.proposal.trial.middle[measure]), measure.text(run.measured[measure]),
        ])
      }
    }
    let verdicts = runs.map { "objective \($0.isMet ? "met" : "NOT met"): \($0.proposal.change.text)" }
    return "\nsimulated (median) beside measured:\n\(table.text)\n\n\(verdicts.joined(separator: "\n"))"
  }
}
