import ChainModel
import Foundation
package import Lessons
import Supervisor

/// Results of lessons, under `lessons/` of the root: a folder for each cell and seed, with `result.json` and the run.
package struct LessonStore {
  package let folder: String

  package init(root: String) { folder = "\(root)/lessons" }

  package func folder(_ lesson: Lesson, _ cell: Lesson.Cell, seed: Int, quick: Bool) -> String {
    let name = cell.name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return "\(folder)/\(lesson.name)/\(quick ? "quick-" : "")\(String(name))-\(seed)"
  }

  /// The result that is kept, if it is one of this text of the lesson.
  package func result(_ lesson: Lesson, _ cell: Lesson.Cell, seed: Int, quick: Bool) -> CellResult? {
    let path = "\(folder(lesson, cell, seed: seed, quick: quick))/result.json"
    guard let bytes = try? AtomicFile.read(path), let result = WireJSON.decode(CellResult.self, from: bytes) else {
      return nil
    }
    return result.digest == lesson.digest && result.cell == cell.name ? result : nil
  }

  package func results(_ lesson: Lesson, seeds: Int, quick: Bool) -> [CellResult] {
    lesson.cells.flatMap { cell in
      (1...seeds).compactMap { result(lesson, cell, seed: $0, quick: quick) }
    }
  }

  package func keep(_ result: CellResult, in folder: String) throws {
    try AtomicFile.write(WireJSON.encode(result), to: "\(folder)/result.json")
  }
}
