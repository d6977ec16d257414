import ChainModel
package import ChainSimulator

extension PredictionCheck {
  /// For people.
  package var text: String {
    let columns = [
      TableColumn<Figure>("FIGURE") { $0.name }, TableColumn("PREDICTED") { Self.value($0, $0.predicted) },
      TableColumn("MEASURED") { Self.value($0, $0.measured) }, TableColumn("ERROR") { $0.errorText },
    ]
    let chain = TextTable(figures.filter { $0.service == nil }, columns: columns)
    let services = TextTable(
      figures.filter { $0.service != nil }, columns: [TableColumn("SERVICE") { $0.service ?? "" }] + columns)
    let title = "run \(run), load \(load): \(of), \(FigureText.seconds(seconds)) measured"
    var parts = [title + "\nwhat steps cost a processor: \(costs)", chain.text, services.text]
    parts.append(Self.list("REPLAYED", replayed, otherwise: "nothing: services.yaml was in force all the time"))
    parts.append(Self.list("NOT REPLAYED", notReplayed, otherwise: "nothing that the log tells of"))
    if !doubts.isEmpty { parts.append(Self.list("DOUBTS", doubts, otherwise: "")) }
    return parts.joined(separator: "\n\n")
  }

  private static func value(_ figure: Figure, _ value: Double?) -> String {
    guard let value else { return figure.name == onset ? "never" : "–" }
    return FigureText.value(value, figure.unit)
  }

  private static func list(_ title: String, _ lines: [String], otherwise: String) -> String {
    "\(title)\n" + (lines.isEmpty ? [otherwise] : lines).map { "  \(PlainText.clean($0))" }.joined(separator: "\n")
  }
}

extension PredictionCheck.Figure {
  /// A share of what was measured; of onsets, and where nothing was measured, the difference.
  fileprivate var errorText: String {
    if let error { return FigureText.change(error) { FigureText.share($0) } }
    guard let difference else { return predicted == nil && measured == nil ? "" : "✗" }
    return FigureText.change(difference) { FigureText.value($0, unit) }
  }
}
