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
}
