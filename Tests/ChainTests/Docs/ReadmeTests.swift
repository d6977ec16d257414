import FoundationEssentials
import Testing

/// The README can be read in ten minutes.
@Suite struct ReadmeTests {
  private static let page = DocPage("README.md")

  @Test func theReadmeHasNinetyLinesAtMost() {
    #expect(Self.page.lines.count <= 91, "the last line ends with a line break")
    #expect(Self.page.lines.allSatisfy { $0.count <= 120 })
  }

  /// Tables, lists and fences are no paragraphs.
  @Test func noParagraphIsLongerThanFourLines() {
    var (paragraph, isFence) = (0, false)
    for line in Self.page.lines {
      if line.hasPrefix("```") { isFence.toggle() }
      let isText = !isFence && !line.isEmpty && !["|", "#", "- ", "```"].contains { line.hasPrefix($0) }
      paragraph = isText ? paragraph + 1 : 0
      #expect(paragraph <= 4, "\(line)")
    }
  }

  /// Every target that a page names is in the Makefile.
  @Test func everyMakeTargetExists() throws {
    let makefile = try String(contentsOfFile: "\(DocPage.root)/Makefile", encoding: .utf8)
    var named: Set<Substring> = []
    for line in try DocPage.all().flatMap(\.lines) {
      let parts = line.split(separator: "make ", omittingEmptySubsequences: false).dropFirst()
      for part in parts where line.contains("`make ") || line.hasPrefix("make ") {
        named.insert(part.prefix { $0.isLetter })
      }
    }
    #expect(named.isSuperset(of: ["up", "down", "demo", "test", "check"]))
    for target in named { #expect(makefile.contains("\n\(target):"), "make \(target)") }
  }
}
