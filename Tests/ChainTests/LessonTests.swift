import ChainModel
import Foundation
import Lessons
import Testing

extension ChainTests {
  /// A lesson as its user runs it: with real chains, and results that are kept.
  @Suite struct LessonTests {
    private func withRoot(_ body: (String) async throws -> Void) async throws {
      let root = FileManager.default.temporaryDirectory.appending(path: "chainlab-lesson-\(UUID().uuidString)").path
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: root) }
      try await body(root)
    }

    /// One request that fails at the end of three layers with four attempts each asks the last service exactly 64 times.
    @Test(.timeLimit(.minutes(2))) func aLessonMeasuresIsKeptAndReported() async throws {
      try await withRoot { root in
        let words = ["lesson", "run", "retry-layers", "--quick", "--json", "--root", root]
        let first = try await ChainlabProgram.run(words)
        #expect(first.exitCode == 0, "\(first.notes)")
        let outcome = try #require(first.json([LessonOutcome].self)?.first)
        #expect(outcome.verdict == .confirmed)
        #expect(outcome.checks.map(\.measured) == [64, 4])
        // What was run is not run again, and says the same.
        let second = try await ChainlabProgram.run(words)
        #expect(second.notes.contains("2 of 2 runs are there already"))
        #expect(second.output == first.output)
        let page = "\(root)/report.html"
        let report = try await ChainlabProgram.run(["lesson", "report", "-o", page, "--root", root])
        #expect(report.exitCode == 0 && report.output == "written to \(page)\n", "\(report.notes)")
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("64 attempts"))
        // Each run is a run like any other.
        let folder = "\(root)/lessons/retry-layers/quick-in-three-layers-1"
        let list = try await ChainlabProgram.run(["trace", "list", "--root", folder])
        #expect(list.exitCode == 0 && list.output.contains("payment-status"), "\(list.notes)")
      }
    }

    @Test(.timeLimit(.minutes(1))) func whatCannotBeRunIsSaid() async throws {
      try await withRoot { root in
        let unknown = try await ChainlabProgram.run(["lesson", "run", "nosuch", "--root", root])
        #expect(unknown.exitCode == 64 && unknown.notes.contains("cascade-front"))
        let nothing = try await ChainlabProgram.run(["lesson", "report", "-o", "\(root)/x.html", "--root", root])
        #expect(nothing.exitCode == 10 && nothing.notes.contains("chainlab lesson run"))
        let steps = try await ChainlabProgram.run(["lesson", "run", "all", "--step", "--root", root])
        #expect(steps.exitCode == 64)
      }
    }

    /// Ctrl-C leaves no chain behind, and nothing that counts as a result.
    @Test(.timeLimit(.minutes(1))) func anInterruptedLessonLeavesNothing() async throws {
      try await withRoot { root in
        let words = ["lesson", "run", "cascade-front", "--quick", "--root", root]
        var looks = 0
        let outcome = try await ChainlabProgram.run(words) {
          looks += 1
          return FileManager.default.fileExists(
            atPath: "\(root)/lessons/cascade-front/quick-cascade-front-1/runs/current")
        }
        #expect(outcome.exitCode == 0 && outcome.notes.contains("interrupted"), "\(outcome.notes)")
        #expect(!FileManager.default.fileExists(atPath: "\(root)/lessons/cascade-front/quick-cascade-front-1"))
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int32($0) }
        let left = processes.filter { pid in
          (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8))?.contains(root) == true
        }
        #expect(left.isEmpty, "after \(looks) looks: \(left)")
      }
    }
  }
}
