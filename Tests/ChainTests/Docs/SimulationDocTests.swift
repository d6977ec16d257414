import ChainTestSupport
import Testing

extension ChainTests {
  /// What docs/simulation.md says is what its commands print.
  @Suite struct SimulationDocTests {
    private static let page = DocPage("docs/simulation.md")

    private static let cells = [
      "goodput": "goodput VALUE simulation", "p99": "response time, p99 VALUE simulation",
      "whole mix": "capacity for the whole mix VALUE closed form", "saturated": "saturated at some time: VALUE of",
    ]

    /// Of tables: a command in backticks, and the cells under headings that `cells` has.
    private static var rows: [DocPage.Shown] {
      var (rows, heading): ([DocPage.Shown], [String]) = ([], [])
      for line in page.lines {
        guard line.hasPrefix("|") else {
          heading = []
          continue
        }
        let row = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map(
          DocPage.normal)
        if heading.isEmpty { heading = row }
        guard let command = row.first(where: { $0.hasPrefix("`bin/chainlab ") }) else { continue }
        let output = zip(heading, row).compactMap { head, cell in
          // An empty cell: there is no such figure.
          cell.isEmpty ? nil : cells[head].map { $0.replacing("VALUE", with: cell) }
        }
        rows.append(DocPage.Shown(command: String(command.dropFirst().dropLast()), output: output))
      }
      return rows
    }

    @Test(.timeLimit(.minutes(5))) func everyRowShowsWhatItsCommandPrints() async throws {
      let folder = try DocFolder(Self.page)
      #expect(Self.rows.count >= 8)
      for shown in [DocPage.Shown(command: "bin/chainlab topology generate mesh:1000 -o mesh.yaml")] + Self.rows {
        let outcome = try await folder.run([shown.command])[0]
        #expect(outcome.code == 0, "\(shown.command): \(outcome.notes)")
        let missing = DocPage.missing(shown.output, in: outcome.output)
        #expect(missing.isEmpty, "\(shown.command) prints not \(missing) but:\n\(outcome.output)")
      }
    }
  }
}
