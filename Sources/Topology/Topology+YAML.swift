import ChainModel

/// Comments for a description's file, each line by what it stands above.
package struct TopologyNotes: Sendable {
  package var head: [String] = []
  /// By service.
  package var services: [Int: [String]] = [:]
  /// By service and route.
  package var routes: [[Int]: [String]] = [:]
  /// By entry.
  package var entries: [Int: [String]] = [:]

  package init() {}
}

extension Topology {
  /// The system as a file, with what is not as by default. `parse` gives the same value again, as long as the timeouts
  /// are whole milliseconds.
  package func yaml(_ notes: TopologyNotes = TopologyNotes()) -> String {
    var lines = Self.comments(notes.head, "")
    if let cores { lines.append("\(Schema.cores): \(Schema.coreCount.write(cores))") }
    if hop != .zero { lines.append("\(Schema.hop): \(Schema.hopTime.write(hop))") }
    lines += hostLines
    for (name, changed) in sections where !changed.isEmpty { lines += ["\(name):"] + changed.map { "  \($0)" } }
    lines.append("\(Schema.services):")
    for (index, service) in services.enumerated() {
      lines += Self.comments(notes.services[index] ?? [], "  ")
      lines.append("  \(Self.scalar(service.name.rawValue)):")
      lines += settings(index).map { "    \($0)" }
      lines.append("    \(Schema.routes):")
      for (place, route) in service.routes.enumerated() {
        lines += Self.comments(notes.routes[[index, place]] ?? [], "      ")
        lines.append("      \(Self.scalar(route.name)):\(route.steps.isEmpty ? " []" : "")")
        lines += route.steps.flatMap { text($0, indent: "        ") }
      }
    }
    lines.append("\(Schema.entries):")
    for (index, entry) in entries.enumerated() {
      lines += Self.comments(notes.entries[index] ?? [], "  ")
      lines.append("  \(Self.scalar(name(entry.service, entry.route))): \(Form<Double>.positive.write(entry.weight))")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private var hostLines: [String] {
    guard !hosts.isEmpty else { return [] }
    return ["\(Schema.hosts):"]
      + hosts.flatMap { host in
        ["  \(Self.scalar(host.name)):"] + Self.changed(host, Schema.hostKeys).map { "    \($0)" }
      }
  }

  private var sections: [(String, [String])] {
    [
      (Schema.traceLog, Self.changed(traceLog, Schema.traceLogKeys)),
      (Schema.seed, Self.changed(seed, Schema.seedKeys)),
      (Schema.dashboard, Self.changed(dashboard, Schema.dashboardKeys)),
    ]
  }

  private static func changed<Root>(_ root: Root, _ table: KeyTable<Root>) -> [String] {
    table.settings(of: root).map { "\($0.key): \($0.value.text)" }
  }

  private func settings(_ index: Int) -> [String] {
    var service = services[index]
    // Those that follow from its place.
    if service.port == Schema.firstPort + index { service.port = 0 }
    if service.controlPort == firstControlPort + index { service.controlPort = 0 }
    return Schema.serviceKeys.keys.compactMap { key in
      if service.unknown.contains(key.name) { return "\(key.name): \(Schema.unknown)" }
      let value = Schema.always.contains(key.name) ? key.write(service) : key.said(service)
      return value.map { "\(key.name): \($0)" }
    }
  }

  private func name(_ service: Int, _ route: Int) -> String {
    "\(services[service].name.rawValue)/\(services[service].routes[route].name)"
  }

  private func text(_ step: Step, indent: String) -> [String] {
    guard case .all(let steps) = step else { return ["\(indent)- \(text(step))"] }
    return ["\(indent)- all:"] + steps.flatMap { text($0, indent: indent + "    ") }
  }

  private func text(_ step: Step) -> String {
    switch step {
    case .cpu(let time): "cpu: \(time?.text ?? Schema.unknown)"
    case .remote(let time): "remote: \(time.text)"
    case .store(let time, let label, let isFile):
      "\(isFile ? "file" : "store"): " + Self.scalar((time.map { "\($0.text) " } ?? "") + label)
    case .call(let service, let route): "call: " + Self.scalar(name(service, route))
    case .all(let steps): "all of \(steps.count)"
    }
  }

  /// A text as it stands in YAML. Routes have spaces, which need no quotes between words; whatever else could mean something
  /// gets them.
  package static func scalar(_ text: String) -> String {
    let isPlain =
      text.first?.isLetter == true && text.last != " "
      && text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || " /._-".unicodeScalars.contains(scalar))
      } && !words.contains(text.lowercased())
    return isPlain ? text : Form<String>.quoted(text)
  }

  /// Those that are no texts in one version of YAML or another.
  private static let words: Set = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", Schema.unknown]

  private static func comments(_ lines: [String], _ indent: String) -> [String] {
    lines.map { "\(indent)# \(PlainText.visible($0, limit: 500))" }
  }

  /// Every key as a row of a Markdown table: those of a file, of which a service's stand under `services.<name>`, most of
  /// them also under `defaults`, and the words of the verbs that change a service while it runs.
  package static func keyTable() -> String {
    let rows =
      Schema.serviceKeys.rows("") + Schema.hostKeys.rows("\(Schema.hosts).NAME.")
      + Schema.traceLogKeys.rows("\(Schema.traceLog).")
      + Schema.seedKeys.rows("\(Schema.seed).") + Schema.dashboardKeys.rows("\(Schema.dashboard).")
      + ModeChange.table.rows("") + PoolChange.table.rows("pool ") + Fault.table.rows("fault ")
      + CallPolicy.table.rows("policy ") + AdmissionChange.table.rows("admission ")
    let head = ["| key | type | unit | range | default | meaning |", "|---|---|---|---|---|---|"]
    return (head + rows).joined(separator: "\n") + "\n"
  }
}
