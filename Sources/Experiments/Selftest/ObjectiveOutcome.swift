import ChainModel
import ChainSimulator

/// What advice was worth in one case.
///
/// Keys: `case`, `text` (what was drawn, in words), `change` (nothing: the advisor found none), `simulated`, `measured`
/// (see `ServedFigures`), `met`, `unchanged` (as measured), `unchanged_met`.
package struct ObjectiveOutcome: Encodable {
  let number: Int
  let text: String
  let objective: Objective
  var change: Change?
  var simulated: ServedFigures?
  var measured: ServedFigures?
  let unchanged: ServedFigures

  init(_ drawn: ObjectiveCase, unchanged: ServedFigures) {
    number = drawn.number
    text = drawn.text
    objective = drawn.objective
    self.unchanged = unchanged
  }

  var isMet: Bool { measured.map { objective.misses($0).isEmpty } ?? false }
  var isMetUnchanged: Bool { objective.misses(unchanged).isEmpty }

  package var line: String {
    let asked = objective.allTerms.map(\.measure)
    func figures(_ served: ServedFigures?) -> String {
      guard let served else { return "nothing" }
      return asked.map { "\($0.rawValue) \($0.text(served[$0]))" }.joined(separator: ", ")
    }
    guard let change else { return "\(text)  →  no proposal: FAILED" }
    return "\(text)  →  \(change.text): simulated \(figures(simulated)); measured \(figures(measured)): "
      + "\(isMet ? "met" : "NOT MET") (unchanged: \(figures(unchanged)))"
  }

  private enum CodingKeys: String, CodingKey {
    case text, change, simulated, measured, met, unchanged
    case number = "case"
    case isMetUnchanged = "unchanged_met"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(number, forKey: .number)
    try keys.encode(text, forKey: .text)
    try keys.encodeIfPresent(change, forKey: .change)
    try keys.encodeIfPresent(simulated, forKey: .simulated)
    try keys.encodeIfPresent(measured, forKey: .measured)
    try keys.encode(isMet, forKey: .met)
    try keys.encode(unchanged, forKey: .unchanged)
    try keys.encode(isMetUnchanged, forKey: .isMetUnchanged)
  }
}

/// All cases of a self-test.
///
/// Keys: `seed`, `cases` (each `ObjectiveOutcome`), `met`, `unchanged_met`, `holds`.
package struct ObjectiveTally: Encodable {
  static let leastMet = 0.9

  let seed: UInt64
  private(set) var outcomes: [ObjectiveOutcome] = []

  package init(seed: UInt64) { self.seed = seed }

  package mutating func add(_ outcome: ObjectiveOutcome) { outcomes.append(outcome) }

  private var met: Int { outcomes.count { $0.isMet } }
  private var metUnchanged: Int { outcomes.count { $0.isMetUnchanged } }

  package var holds: Bool { Double(met) >= Self.leastMet * Double(outcomes.count) }

  /// The counts, then each miss with what it takes to run it again.
  package var text: String {
    let misses = outcomes.filter { !$0.isMet }.flatMap { miss in
      ["  \(miss.line)", "    chainlab selftest objective --seed \(seed) --only \(miss.number) --keep FOLDER"]
    }
    let lines = [
      "\(holds ? "passed" : "FAILED"): \(outcomes.count) cases, seed \(seed)",
      "  met with the first proposal   \(met) of \(outcomes.count) (at least 90 %)",
      "  met without any change        \(metUnchanged) of \(outcomes.count)",
    ]
    return (lines + (misses.isEmpty ? [] : ["misses:"] + misses)).joined(separator: "\n")
  }

  private enum CodingKeys: String, CodingKey {
    case seed, met, holds
    case outcomes = "cases"
    case metUnchanged = "unchanged_met"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(seed, forKey: .seed)
    try keys.encode(outcomes, forKey: .outcomes)
    try keys.encode(met, forKey: .met)
    try keys.encode(metUnchanged, forKey: .metUnchanged)
    try keys.encode(holds, forKey: .holds)
  }
}
