import ChainTestSupport
import FoundationEssentials
import Testing
import Topology

extension ChainTests {
  /// What a reader types from the README or from `docs` works, and prints what the page shows.
  @Suite struct DocsTests {
    @Test(.timeLimit(.minutes(10)), arguments: DocPage.all) func everyCommandPrintsWhatThePageShows(
      _ page: DocPage
    ) async throws {
      let shown = page.fences.flatMap(\.shown)
      guard !shown.isEmpty else { return }
      let folder = try DocFolder(page)
      let outcomes = try await folder.run(shown.map(\.command))
      for (shown, outcome) in zip(shown, outcomes) {
        // A refusal is shown as such.
        let isRefusal = shown.output.contains { $0.hasPrefix("chainlab: ") }
        #expect((outcome.code == 0) == !isRefusal, "\(shown.command): \(outcome.output)\(outcome.notes)")
        let printed = isRefusal ? outcome.output + outcome.notes : outcome.output
        let missing = DocPage.missing(shown.output, in: printed)
        #expect(missing.isEmpty, "\(shown.command) prints not \(missing) but:\n\(printed)")
      }
    }

    /// A fence without a word behind its backticks is a picture; commands stand in `sh` or `console`, so that they are run.
    @Test func commandsStandInFencesThatAreRun() {
      for page in DocPage.all {
        for fence in page.fences where !["sh", "console"].contains(fence.info) && !fence.info.hasPrefix("yaml") {
          let commands = fence.lines.filter {
            $0.hasPrefix("bin/chainlab ") || $0.hasPrefix("make ") || $0.hasPrefix("$ ")
          }
          #expect(commands.isEmpty, "\(page.name): \(commands)")
        }
      }
    }

    /// Links within the repository lead somewhere.
    @Test func everyLinkLeadsToAFile() {
      for page in DocPage.all {
        let folder = page.name.split(separator: "/").dropLast().joined(separator: "/")
        for part in page.text.split(separator: "](").dropFirst() {
          let target = part.prefix { $0 != ")" && $0 != "#" }
          guard !target.isEmpty, !target.contains("://") else { continue }
          let path = "\(Repository.root)/\(folder)/\(target)"
          #expect(FileManager.default.fileExists(atPath: path), "\(page.name): \(target)")
        }
      }
    }

    @Test func theTableOfKeysIsTheSchema() {
      let page = DocPage("docs/services-yaml.md")
      #expect(page.text.contains(Topology.keyTable().split(separator: "\n").joined(separator: "\n")))
    }
  }
}
