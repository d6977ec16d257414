import ChainModel

extension Topology {
  /// The topology as a `services.yaml` that says every value, also the defaults. `parse` gives the same value again, as
  /// long as the timeouts are whole milliseconds.
  package func yaml() -> String {
    var lines = ["\(Schema.services):"]
    for service in services {
      lines.append("  \(service.name.rawValue):")
      lines += Self.lines(service, Schema.serviceKeys, indent: "    ")
    }
    lines += ["\(Schema.traceLog):"] + Self.lines(traceLog, Schema.traceLogKeys, indent: "  ")
    lines += ["\(Schema.seed):"] + Self.lines(seed, Schema.seedKeys, indent: "  ")
    lines += ["\(Schema.dashboard):"] + Self.lines(dashboard, Schema.dashboardKeys, indent: "  ")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines<Root>(_ root: Root, _ keys: [Key<Root>], indent: String) -> [String] {
    keys.map { "\(indent)\($0.name): \($0.write(root))" }
  }

  /// Every key as a row of a Markdown table. A service's keys stand under `services.<name>`, those with a default also
  /// under `defaults`.
  package static func keyTable() -> String {
    let rows =
      rows(Schema.serviceKeys, prefix: "") + rows(Schema.traceLogKeys, prefix: "\(Schema.traceLog).")
      + rows(Schema.seedKeys, prefix: "\(Schema.seed).")
      + rows(Schema.dashboardKeys, prefix: "\(Schema.dashboard).")
    let head = ["| key | type | unit | range | default | meaning |", "|---|---|---|---|---|---|"]
    return (head + rows).joined(separator: "\n") + "\n"
  }

  private static func rows<Root>(_ keys: [Key<Root>], prefix: String) -> [String] {
    keys.map { key in
      let value = key.defaultText.map { "`\($0)`" } ?? "required"
      return "| `\(prefix)\(key.name)` | \(key.type) | \(key.unit) | \(key.allowed) | \(value) | \(key.meaning) |"
    }
  }
}
