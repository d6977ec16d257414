import ChainModel
package import Lessons

/// A benchmark as a page: its curves as plots, and all its figures.
package struct BenchPage {
  let report: BenchReport

  package init(report: BenchReport) { self.report = report }

  package var page: PlotPage {
    PlotPage(
      title: "What chainlab costs", words: ["Measured on \(report.machine)."],
      notes: ["By chainlab \(Version.text): \(CommandHint("bench -o bench.html"))"], plots: plots,
      head: BenchFigure.columns.map(\.title),
      rows: report.figures.map { figure in BenchFigure.columns.map { $0.cell(figure) } })
  }

  private var plots: [LinePlot] {
    var curves: [(name: String, points: [BenchFigure])] = []
    for figure in report.figures {
      guard let curve = figure.curve else { continue }
      if curves.last?.name == curve {
        curves[curves.count - 1].points.append(figure)
      } else {
        curves.append((curve, [figure]))
      }
    }
    return curves.map { curve in
      LinePlot(
        title: "Processor time of a request, over \(curve.name)", unit: "µs", subject: curve.name,
        labels: curve.points.map { FigureText.number($0.x ?? 0) },
        lines: [LinePlot.Line(name: "four services together", values: curve.points.map { $0.value ?? .nan })], mark: nil
      )
    }
  }
}
