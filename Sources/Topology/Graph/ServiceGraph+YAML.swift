import ChainModel

/// Comments for a graph's file, each line by what it stands above.
package struct GraphNotes: Sendable {
  package var head: [String] = []
  /// By service.
  package var services: [Int: [String]] = [:]
  /// By service and route.
  package var routes: [[Int]: [String]] = [:]
  /// By entry.
  package var entries: [Int: [String]] = [:]

  package init() {}
}

extension ServiceGraph {
  /// The graph as a file, with what is not as by default. `parse` gives the same value again, as long as the timeouts
  /// are whole milliseconds.
  package func yaml(_ notes: GraphNotes = GraphNotes()) -> String {
    var lines = Self.comments(notes.head, "")
    if let cores { lines.append("\(GraphSchema.cores): \(GraphSchema.coreCount.write(cores))") }
    if hop != .zero { lines.append("\(GraphSchema.hop): \(GraphSchema.hopTime.write(hop))") }
    if onLeave != .cancel { lines.append("\(GraphSchema.onLeave): \(GraphSchema.leaveRule.write(onLeave))") }
    lines.append("\(GraphSchema.services):")
    for (index, service) in services.enumerated() {
      lines += Self.comments(notes.services[index] ?? [], "  ")
      lines.append("  \(Self.scalar(service.name)):")
      lines += settings(service).map { "    \($0)" }
      lines.append("    \(GraphSchema.routes):")
      for (place, route) in service.routes.enumerated() {
        lines += Self.comments(notes.routes[[index, place]] ?? [], "      ")
        lines.append("      \(Self.scalar(route.name)):\(route.steps.isEmpty ? " []" : "")")
        lines += route.steps.map { "        - \(text($0))" }
      }
    }
    lines.append("\(GraphSchema.entries):")
    for (index, entry) in entries.enumerated() {
      lines += Self.comments(notes.entries[index] ?? [], "  ")
      lines.append("  \(Self.scalar(name(entry.service, entry.route))): \(GraphSchema.weight.write(entry.weight))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func settings(_ service: Service) -> [String] {
    GraphSchema.keys.compactMap { key in
      if service.unknown.contains(key.name) { return "\(key.name): \(GraphSchema.unknown)" }
      let value = key.write(service.settings)
      return GraphSchema.always.contains(key.name) || value != key.defaultText ? "\(key.name): \(value)" : nil
    }
  }

  private func name(_ service: Int, _ route: Int) -> String {
    "\(services[service].name)/\(services[service].routes[route].name)"
  }

  private func text(_ step: Step) -> String {
    switch step {
    case .cpu(let time): "cpu: \(time?.text ?? GraphSchema.unknown)"
    case .remote(let time): "remote: \(time.text)"
    case .store(let time, let label, let isFile):
      "\(isFile ? "file" : "store"): " + Self.scalar("\(time.text) \(label)")
    case .call(let service, let route): "call: " + Self.scalar(name(service, route))
    }
  }

  /// Routes have spaces, which need no quotes between words; whatever else could mean something in YAML gets them.
  private static func scalar(_ text: String) -> String {
    let isPlain =
      text.first?.isLetter == true
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || " /._-".unicodeScalars.contains(scalar))
      } && !["true", "false", "null", "yes", "no", "on", "off", GraphSchema.unknown].contains(text.lowercased())
    return isPlain ? text : Form<String>.quoted(text)
  }

  private static func comments(_ lines: [String], _ indent: String) -> [String] {
    lines.map { "\(indent)# \(Item.printable($0, limit: 500))" }
  }
}
