import ChainModel
import Supervisor
import Testing

/// docs/command-line.md has what the program has.
@Suite struct CommandLineDocTests {
  private static let page = Repository.text("docs/command-line.md")

  @Test func everyExitCodeIsInTheTable() {
    let rows = ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }
    #expect(Self.page.contains("| code | meaning |\n|---|---|\n\(rows.joined(separator: "\n"))\n"), "\(rows)")
  }

  @Test func everyWordIsInTheTable() {
    #expect(Self.page.contains(Glossary.markdown), "write it anew from: bin/chainlab glossary --markdown")
    #expect(Glossary.entry("Callee")?.word == "caller, callee" && Glossary.entry("nosuch") == nil)
  }

  @Test func theFiguresOfThePageAreWrittenByTheFormatter() {
    for figure in [
      FigureText.duration(355_000), FigureText.duration(12_300_000), FigureText.duration(100_000_000_000),
      FigureText.bytes(54 << 20), FigureText.share(0.123), FigureText.count(12_020),
    ] {
      #expect(Self.page.contains("`\(figure)`"), "\(figure)")
    }
  }
}
