import ChainModel
package import ChainSimulator

/// Advice for people.
package struct AdviceText {
  let advice: Advice

  package init(advice: Advice) { self.advice = advice }

  private static let shown = 6

  package var text: String {
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
    func column(_ title: String, _ figures: ServedFigures) -> TableColumn<Objective.Term> {
      TableColumn(title) { $0.measure.text(figures[$0.measure]) }
    }
    let table = TextTable(
      advice.objective.allTerms,
      columns: [
        TableColumn("  FIGURE") { "  \($0.text)" }, TableColumn("ASKED") { Self.asked($0) },
        column("MEDIAN", trial.middle), column("WORST", trial.worst), column("WITH MARGIN", trial.withMargin),
      ])
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
    typealias Column = TableColumn<(offset: Int, element: Advice.Proposal)>
    let figures = measures.map { measure in
      Column("\(measure.rawValue.uppercased()) (WORST)") {
        "\(measure.text($0.element.trial.middle[measure])) (\(measure.text($0.element.trial.worst[measure])))"
      }
    }
    let table = TextTable(
      Array(advice.proposals.prefix(Self.shown).enumerated()),
      columns: [
        Column("") { "\($0.offset + 1)" }, Column("CHANGE") { $0.element.change.text },
        Column("THREADS") { row in
          let threads = row.element.change.addedThreads
          return threads > 0 ? "+\(threads)" : "\(threads)"
        },
      ] + figures + [
        Column("WITH MARGIN") { row in
          measures.map { $0.text(row.element.trial.withMargin[$0]) }.joined(separator: ", ")
        }
      ])
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
package struct VerifiedAdvice: Encodable {
  /// Keys: `change`, `simulated`, `measured` (see `ServedFigures`), `met`.
  package struct Run: Encodable {
    var proposal: Advice.Proposal
    var measured: ServedFigures
    var isMet: Bool

    package init(_ proposal: Advice.Proposal, _ measured: ServedFigures, _ objective: Objective) {
      self.proposal = proposal
      self.measured = measured
      isMet = objective.misses(measured).isEmpty
    }

    private enum CodingKeys: String, CodingKey {
      case change, simulated, measured
      case isMet = "met"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(proposal.change, forKey: .change)
      try keys.encode(proposal.trial.middle, forKey: .simulated)
      try keys.encode(measured, forKey: .measured)
      try keys.encode(isMet, forKey: .isMet)
    }
  }

  var advice: Advice
  var runs: [Run]

  package init(advice: Advice, runs: [Run]) {
    (self.advice, self.runs) = (advice, runs)
  }

  /// By the last run.
  package var isMet: Bool { runs.last?.isMet ?? false }

  private enum CodingKeys: String, CodingKey {
    case advice, runs
    case isMet = "met"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(advice, forKey: .advice)
    try keys.encode(runs, forKey: .runs)
    try keys.encode(isMet, forKey: .isMet)
  }

  package var text: String {
    var measures = advice.objective.allTerms.map(\.measure)
    for other in [Objective.Measure.mean, .p99, .goodput] where !measures.contains(other) { measures.append(other) }
    let terms = advice.objective.allTerms
    typealias Column = TableColumn<(run: Run, measure: Objective.Measure)>
    let table = TextTable(
      runs.flatMap { run in measures.map { (run: run, measure: $0) } },
      columns: [
        Column("CHAIN") { $0.run.proposal.change.text }, Column("FIGURE") { $0.measure.rawValue },
        Column("ASKED") { row in terms.first { $0.measure == row.measure }.map(AdviceText.asked) ?? "" },
        Column("SIMULATED") { $0.measure.text($0.run.proposal.trial.middle[$0.measure]) },
        Column("MEASURED") { $0.measure.text($0.run.measured[$0.measure]) },
      ])
    let verdicts = runs.map { "objective \($0.isMet ? "met" : "NOT met"): \($0.proposal.change.text)" }
    return "\nsimulated (median) beside measured:\n\(table.text)\n\n\(verdicts.joined(separator: "\n"))"
  }
}
