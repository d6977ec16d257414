/// What one run of a cell has shown. Kept as JSON, so that a lesson goes on where it was ended.
///
/// Keys: `lesson`, `cell`, `seed`, `digest` (of the lesson's text), `quick`, `figures` (by name: see `CellMeasures` and
/// `CellTrial`), `discarded` (why the run does not count), `busy` (that other programs had the processors, and how much:
/// its times and rates are shown, and decide nothing), `run` (its folder).
package struct CellResult: Codable, Sendable {
  package var lesson: String
  package var cell: String
  package var seed: Int
  package var digest: String
  package var quick: Bool
  package var figures: [String: Double]
  package var discarded: String?
  package var busy: String?
  package var run: String?

  package init(
    lesson: String, cell: String, seed: Int, digest: String, quick: Bool, figures: [String: Double],
    discarded: String? = nil, busy: String? = nil, run: String? = nil
  ) {
    self.lesson = lesson
    self.cell = cell
    self.seed = seed
    self.digest = digest
    self.quick = quick
    self.figures = figures
    self.discarded = discarded
    self.busy = busy
    self.run = run
  }
}
