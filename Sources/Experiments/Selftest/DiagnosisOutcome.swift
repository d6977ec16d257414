import CascadeAnalysis
import ChainModel

/// What the log's verdict was worth in one run.
///
/// Keys: `case`, `text` (what was drawn, in words), `control`, `fault` (its kind), `saturated`, `verdict`, `named` (the
/// first cause, in words), `share`, `right` (of a root cause: it is what was injected).
package struct DiagnosisOutcome: Encodable {
  let run: Int
  let text: String
  let isControl: Bool
  let fault: String?
  let isSaturated: Bool
  let verdict: Verdict.Kind
  let named: String?
  let share: Double
  let isRight: Bool

  init(_ drawn: DiagnosisCase, _ report: CascadeReport) {
    run = drawn.number
    text = drawn.text
    isControl = drawn.fault == nil
    fault = drawn.fault?.fault.kind.name
    isSaturated = !report.saturations.isEmpty
    verdict = report.verdict.kind
    let top = report.verdict.top
    named = top?.text
    share = top?.share ?? 0
    isRight = Self.isRight(top, drawn)
  }

  /// A fault shows as a sleep of its service that bears the fault's name.
  private static func isRight(_ top: BlameRow?, _ drawn: DiagnosisCase) -> Bool {
    guard let top, let fault = drawn.fault else { return false }
    return top.kind == .wait && top.cause == .sleep && top.service == fault.service.rawValue
      && top.target.contains("fault: \(fault.fault.kind.name)")
  }

  var saysRootCause: Bool { verdict == .rootCause }

  package var line: String {
    let share = FigureText.share(share)
    let answer =
      saysRootCause ? "root cause \(named ?? "none") (\(share)): \(isRight ? "right" : "WRONG")" : verdict.rawValue
    return "\(text)  →  \(answer)"
  }

  enum CodingKeys: String, CodingKey {
    case text, fault, verdict, named, share
    case run = "case"
    case isControl = "control"
    case isSaturated = "saturated"
    case isRight = "right"
  }
}

/// All runs of a self-test.
///
/// Keys: `seed`, `runs` (each `DiagnosisOutcome`), `root_causes`, `right`, `saturated`, `saturated_explained`,
/// `false_alarms` (controls with a root cause), `controls`, `holds`.
package struct DiagnosisTally: Encodable {
  static let leastRight = 0.98
  static let leastExplained = 0.8

  let seed: UInt64
  /// How many runs have a fault; those with higher numbers are controls.
  let runs: Int
  private(set) var outcomes: [DiagnosisOutcome] = []

  package init(seed: UInt64, runs: Int) {
    self.seed = seed
    self.runs = runs
  }

  package mutating func add(_ outcome: DiagnosisOutcome) { outcomes.append(outcome) }

  private var broken: [DiagnosisOutcome] { outcomes.filter { !$0.isControl } }
  private var rootCauses: Int { broken.count { $0.saysRootCause } }
  private var right: Int { broken.count { $0.saysRootCause && $0.isRight } }
  private var saturated: Int { broken.count { $0.isSaturated } }
  private var explained: Int { broken.count { $0.isSaturated && $0.saysRootCause } }
  private var controls: Int { outcomes.count { $0.isControl } }
  private var falseAlarms: Int { outcomes.count { $0.isControl && $0.saysRootCause } }

  package var holds: Bool {
    Double(right) >= Self.leastRight * Double(rootCauses)
      && Double(explained) >= Self.leastExplained * Double(saturated)
      && falseAlarms == 0
  }

  /// The three counts, a table by kind of fault, then each miss with what it takes to run it again.
  package var text: String {
    typealias Column = TableColumn<(kind: String, runs: [DiagnosisOutcome])>
    let kinds = ChainModel.Fault.kindNames.map { kind in (kind: kind, runs: broken.filter { $0.fault == kind }) }
    let table = TextTable(
      kinds.filter { !$0.runs.isEmpty },
      columns: [
        Column("FAULT") { $0.kind }, Column("RUNS") { "\($0.runs.count)" },
        Column("SATURATED") { row in "\(row.runs.count { $0.isSaturated })" },
        Column("ROOT CAUSE") { row in "\(row.runs.count { $0.saysRootCause })" },
        Column("RIGHT") { row in "\(row.runs.count { $0.saysRootCause && $0.isRight })" },
      ])
    let misses = outcomes.filter {
      $0.saysRootCause && !$0.isRight || $0.isSaturated && !$0.isControl && !$0.saysRootCause
    }
    let lines = [
      "\(holds ? "passed" : "FAILED"): \(outcomes.count) runs, seed \(seed)",
      "  right          \(right) of \(rootCauses) root causes (at least 98 %)",
      "  explained      \(explained) of \(saturated) runs in which a pool saturated (at least 80 %)",
      "  false alarms   \(falseAlarms) of \(controls) controls (none)",
      table.text,
    ]
    let replays = misses.flatMap { miss in
      [
        "  \(miss.line)",
        "    chainlab selftest diagnosis --seed \(seed) --runs \(runs) --only \(miss.run) --keep FOLDER",
      ]
    }
    return (lines + (replays.isEmpty ? [] : ["misses:"] + replays)).joined(separator: "\n")
  }

  private enum CodingKeys: String, CodingKey {
    case seed, right, saturated, controls, holds
    case outcomes = "runs"
    case rootCauses = "root_causes"
    case explained = "saturated_explained"
    case falseAlarms = "false_alarms"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(seed, forKey: .seed)
    try keys.encode(outcomes, forKey: .outcomes)
    try keys.encode(rootCauses, forKey: .rootCauses)
    try keys.encode(right, forKey: .right)
    try keys.encode(saturated, forKey: .saturated)
    try keys.encode(explained, forKey: .explained)
    try keys.encode(falseAlarms, forKey: .falseAlarms)
    try keys.encode(controls, forKey: .controls)
    try keys.encode(holds, forKey: .holds)
  }
}
