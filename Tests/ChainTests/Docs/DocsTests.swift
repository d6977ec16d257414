import ChainTestSupport
import FoundationEssentials
import Testing
import Topology

extension ChainTests {
  /// What a reader types from the README or from `docs` works, and prints what the page shows.
  @Suite struct DocsTests {
    /// Three pages at a time: most of what they show is waited for.
    @Test(.timeLimit(.minutes(10))) func everyCommandPrintsWhatThePageShows() async throws {
      let pages = DocPage.all.sorted { $0.shown.count > $1.shown.count }.filter { !$0.shown.isEmpty }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for (number, page) in pages.enumerated() {
          if number >= 3 { try await group.next() }
          group.addTask { try await Self.expectWhatIsShown(page) }
        }
        try await group.waitForAll()
      }
    }

    private static func expectWhatIsShown(_ page: DocPage) async throws {
      let folder = try DocFolder(page)
      let outcomes = try await folder.run(page.shown.map(\.command))
      for (shown, outcome) in zip(page.shown, outcomes) {
        // A refusal is shown as such.
        let isRefusal = shown.output.contains { $0.hasPrefix("chainlab: ") }
        #expect((outcome.code == 0) == !isRefusal, "\(page.name): \(shown.command): \(outcome.output)\(outcome.notes)")
        let printed = isRefusal ? outcome.output + outcome.notes : outcome.output
        let missing = DocPage.missing(shown.output, in: printed)
        #expect(missing.isEmpty, "\(page.name): \(shown.command) prints not \(missing) but:\n\(printed)")
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
