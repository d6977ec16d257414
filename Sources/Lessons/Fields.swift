import ChainModel
import Topology

/// The keys of one mapping: each is read once, and what is left over was not known.
struct Fields {
  private(set) var problems: [TopologyError.Problem] = []
  private let path: String
  private let item: Item
  private var entries: [String: Item] = [:]
  private var known: [String] = []

  init(_ item: Item, path: String) {
    self.item = item
    self.path = path
    guard case .mapping(let all) = item.content else {
      report("", item.found, "a mapping")
      return
    }
    for entry in all { entries[entry.key] = entry.value }
  }

  mutating func report(
    _ key: String, _ found: String, _ expected: String, at position: TopologyError.Position? = nil,
    meant: String? = nil
  ) {
    let name = [path, key].filter { !$0.isEmpty }.joined(separator: ".")
    problems.append(
      .init(position: position ?? item.position, key: name, found: found, expected: expected, meant: meant))
  }

  private mutating func take(_ key: String) -> Item? {
    known.append(key)
    return entries.removeValue(forKey: key)
  }

  /// What nobody asked for.
  mutating func finish() {
    for (key, value) in entries.sorted(by: { $0.value.position < $1.value.position }) {
      report(
        key, "an unknown key", "one of \(known.joined(separator: ", "))", at: value.position,
        meant: Typo.nearest(to: key, among: known))
    }
  }

  /// Without a default, the key must be given.
  mutating func text(_ key: String, default fallback: String? = nil) -> String {
    guard let value = take(key) else {
      if fallback == nil { report(key, "nothing", "a text") }
      return fallback ?? ""
    }
    guard let text = value.text, !text.isEmpty else {
      report(key, value.found, "a text", at: value.position)
      return ""
    }
    return text
  }

  mutating func flag(_ key: String, default fallback: Bool) -> Bool {
    guard let value = take(key) else { return fallback }
    guard let text = value.text, ["true", "false"].contains(text) else {
      report(key, value.found, "true or false", at: value.position)
      return fallback
    }
    return text == "true"
  }

  mutating func number(_ key: String) -> Double? {
    guard let value = take(key) else { return nil }
    guard let number = value.text.flatMap({ Double($0) }), number > 0, number < 1e9 else {
      report(key, value.found, "a number above 0", at: value.position)
      return nil
    }
    return number
  }

  mutating func count(_ key: String, default fallback: Int) -> Int {
    guard let value = take(key) else { return fallback }
    guard let count = value.text.flatMap({ Int($0) }), (1...100).contains(count) else {
      report(key, value.found, "a whole number from 1 to 100", at: value.position)
      return fallback
    }
    return count
  }

  mutating func duration(_ key: String) -> Duration? {
    guard let value = take(key) else { return nil }
    guard let duration = value.text.flatMap({ DurationText.parse($0) }) else {
      report(key, value.found, "a duration like 2s", at: value.position)
      return nil
    }
    return duration
  }

  mutating func expression(_ key: String) -> Expression? {
    guard let value = take(key) else { return nil }
    guard let text = value.text else {
      report(key, value.found, "an expression", at: value.position)
      return nil
    }
    do throws(ExpressionError) {
      return try Expression(text)
    } catch {
      report(key, "'\(text)'", "an expression: \(error)", at: value.position)
      return nil
    }
  }

  /// `10 %`, `20`, or both: `20 or 10 %`.
  mutating func tolerance(_ key: String) -> (amount: Double, share: Double) {
    guard let value = take(key) else {
      report(key, "nothing", "a tolerance like 10 %, or 20 or 10 %")
      return (0, 0)
    }
    var tolerance = (amount: 0.0, share: 0.0)
    for part in (value.text ?? "").split(separator: "or").map({ $0.filter { !$0.isWhitespace } }) {
      let isShare = part.hasSuffix("%")
      guard let number = Double(isShare ? String(part.dropLast()) : part), number > 0 else {
        report(key, value.found, "a tolerance like 10 %, or 20 or 10 %", at: value.position)
        return tolerance
      }
      if isShare { tolerance.share = number / 100 } else { tolerance.amount = number }
    }
    if tolerance == (0, 0) { report(key, value.found, "a tolerance like 10 %", at: value.position) }
    return tolerance
  }

  /// `80 %`.
  mutating func share(_ key: String, default fallback: Double) -> Double {
    guard let value = take(key) else { return fallback }
    let text = (value.text ?? "").filter { !$0.isWhitespace }
    guard text.hasSuffix("%"), let number = Double(text.dropLast()), number > 0, number <= 100 else {
      report(key, value.found, "a share like 80 %", at: value.position)
      return fallback
    }
    return number / 100
  }

  mutating func list(_ key: String) -> [Item] {
    guard let value = take(key) else { return [] }
    guard let list = value.list else {
      report(key, value.found, "a list", at: value.position)
      return []
    }
    return list
  }

  mutating func mapping(_ key: String) -> Fields? {
    take(key).map { Fields($0, path: [path, key].filter { !$0.isEmpty }.joined(separator: ".")) }
  }

  /// Keys and values as texts.
  mutating func settings(_ key: String) -> [String: String] {
    guard let value = take(key) else { return [:] }
    guard case .mapping(let all) = value.content else {
      report(key, value.found, "a mapping like gateway.threads: 8", at: value.position)
      return [:]
    }
    var settings: [String: String] = [:]
    for entry in all {
      let parts = entry.key.split(separator: ".")
      let services = ["all", "trace_log"] + Topology.standard.names.map(\.rawValue)
      guard parts.count == 2, services.contains(String(parts[0])), let text = entry.value.text else {
        report("\(key).\(entry.key)", entry.value.found, "a setting like gateway.threads: 8", at: entry.position)
        continue
      }
      settings[entry.key] = text
    }
    return settings
  }
}
