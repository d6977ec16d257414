/// What `--json` prints, key by key: a key has one meaning and one unit, whatever the verb. A test holds every verb to it,
/// and docs/json.md has it as a table.
///
/// Names are in `snake_case`. A number that has a unit ends in it (`_ns` for what the log says, `_ms` for what was
/// measured by clients or simulated, `_per_s`, `_bytes`, `_share` of 1), is a count of the noun it is named after, or
/// has its unit in `unit` beside it. A key without a value is left out.
package enum JSONVocabulary {
  package enum Form: String, CaseIterable, Sendable {
    case number
    case text
    case flag
    case list
    case object
    /// An object whose keys are names: of services, statuses, reasons.
    case map
  }

  package struct Key: Hashable, Sendable {
    package var name: String
    package var form: Form
    /// Empty for what has none.
    package var unit: String
    package var meaning: String
  }

  /// Nil for a row that is not `name | form | unit | meaning`.
  private static func key(_ row: Substring) -> Key? {
    let cells = row.split(separator: "|", omittingEmptySubsequences: false).map { cell in
      cell.split(separator: " ").joined(separator: " ")
    }
    guard cells.count == 4, let form = Form(rawValue: cells[1]) else { return nil }
    return Key(name: cells[0], form: form, unit: cells[2], meaning: cells[3])
  }

  /// By name; one that stands for a number here and for a list there has a row for each.
  package static let keys = rows.compactMap(key).sorted { ($0.name, $0.form.rawValue) < ($1.name, $1.form.rawValue) }

  private static var rows: [Substring] { rowsToL.split(separator: "\n") + rowsFromM.split(separator: "\n") }

  /// Rows that could not be read: none.
  package static var unreadable: [String] { rows.filter { key($0) == nil }.map(String.init) }

  /// For the documentation.
  package static var markdown: String {
    (["| key | type | unit | meaning |", "|---|---|---|---|"]
      + keys.map { "| `\($0.name)` | \($0.form.rawValue) | \($0.unit) | \($0.meaning) |" }).joined(separator: "\n")
  }
}
