package import ChainModel
import KernelView

/// Keys: `machine` (see `Machine.text`), `figures` (see `BenchFigure`).
package struct BenchReport: Codable {
  package var machine = Machine.text
  package var figures: [BenchFigure]

  package init(figures: [BenchFigure]) { self.figures = figures }

  package var text: String {
    let notes = figures.compactMap { figure in figure.note.map { "\(figure.name): \($0)" } }
    return ([TextTable(figures).text, "", machine] + notes).joined(separator: "\n")
  }
}

extension BenchFigure: TableRow {
  package static var columns: [TableColumn<Self>] {
    [
      TableColumn("PART") { $0.bench }, TableColumn("FIGURE") { $0.name },
      TableColumn("VALUE") { figure in figure.value.map { FigureText.value($0, figure.unit) } ?? "–" },
      TableColumn("95 % INTERVAL") { $0.interval ?? "" }, TableColumn("TARGET") { $0.target ?? "" },
      TableColumn("VERDICT") { $0.verdict.rawValue },
    ]
  }

  private var interval: String? {
    guard let low, let high else { return nil }
    return FigureText.range(FigureText.value(low, unit), FigureText.value(high, unit))
  }
}
