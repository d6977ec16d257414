/// What one run of a cell has shown. Kept as JSON, so that a lesson goes on where it was ended.
///
/// Keys: `lesson`, `cell`, `seed`, `digest` (of the lesson's text), `quick`, `figures` (by name: see `CellMeasures` and
/// `CellTrial`), `discarded` (why the run does not count), `run` (its folder).
package struct CellResult: Codable, Sendable {
  package var lesson: String
  package var cell: String
  package var seed: Int
  package var digest: String
  package var quick: Bool
  package var figures: [String: Double]
  package var discarded: String?
  package var run: String?

  package init(
    lesson: String, cell: String, seed: Int, digest: String, quick: Bool, figures: [String: Double],
    discarded: String? = nil, run: String? = nil
  ) {
    self.lesson = lesson
    self.cell = cell
    self.seed = seed
    self.digest = digest
    self.quick = quick
    self.figures = figures
    self.discarded = discarded
    self.run = run
  }
}
