import ChainModel
import Experiments
import FoundationEssentials
import Lessons
import Testing

/// Results of lessons, which are kept between runs.
@Suite struct LessonStoreTests {
  @Test func aResultCountsForTheTextOfItsLessonAlone() throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "chainlab-lessons-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = LessonStore(root: root)
    let lesson = try #require(try LessonBook.lessons().first { !$0.cells.isEmpty })
    let cell = lesson.cells[0]
    let folder = store.folder(lesson, cell, seed: 1, quick: true)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var result = CellResult(
      lesson: lesson.name, cell: cell.name, seed: 1, digest: lesson.digest, quick: true, figures: ["throughput": 40])
    try store.keep(result, in: folder)
    #expect(store.result(lesson, cell, seed: 1, quick: true)?.figures == result.figures)
    #expect(store.results(lesson, seeds: 3, quick: true).map(\.figures) == [result.figures])
    #expect(store.results(lesson, seeds: 3, quick: false).isEmpty, "a quick run is no full one")
    result.digest = "of another text"
    try store.keep(result, in: folder)
    #expect(store.result(lesson, cell, seed: 1, quick: true) == nil)
  }
}
