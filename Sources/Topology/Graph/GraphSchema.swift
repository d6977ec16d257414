import ChainModel

/// The keys of a graph's file. Those of a service come from the schema of `services.yaml`.
enum GraphSchema {
  static let cores = "cores"
  static let hop = "hop"
  static let onLeave = "on_leave"
  static let defaults = "defaults"
  static let services = "services"
  static let entries = "entries"
  static let sections = [cores, hop, onLeave, defaults, services, entries]
  static let routes = "routes"
  static let steps = ["cpu", "remote", "store", "file", "call"]

  /// Stands for a value that nobody has given yet.
  static let unknown = "unknown"

  /// Names of services: what an entry, a call or `--set` could not tell apart is refused.
  static let expectedName = "a name of at most 200 characters, without / * ? = and not beginning with @"

  static func isName(_ text: String) -> Bool {
    isText(text, limit: 200) && !text.hasPrefix("@") && !text.contains { "/*?=".contains($0) }
  }

  static let expectedRoute = "a route such as GET /items, of at most 500 characters"

  /// Something visible, that begins and ends with something visible.
  static func isText(_ text: String, limit: Int) -> Bool {
    guard let first = text.first, let last = text.last, !first.isWhitespace, !last.isWhitespace,
      text.unicodeScalars.count <= limit
    else { return false }
    return Item.printable(text, limit: limit) == text
  }

  private static let simulated: Set = [
    "io_model", "threads", "store_threads", "queue_limit", "overflow", "backlog", "loops", "in_flight_limit",
    "timeout_ms", "latency", "call_policy",
  ]

  /// Written even where they are as by default: what a reader of the file looks for first.
  static let always: Set = ["io_model", "threads", "queue_limit"]

  static let keys: [Key<ServiceConfiguration>] =
    Schema.serviceKeys.filter { simulated.contains($0.name) } + [
      Key("replicas", \.replicas, .integer(1...4096), default: 1, "How many processes serve it, each with its threads.")
    ]

  static let coreCount = Form<Int>.integer(1...1_000_000)
  static let leaveRule = Form<LeaveRule>.choice

  static let hopTime = Form<Duration>(
    type: "duration", allowed: "such as 200us, at most 50s",
    read: { item throws(Mismatch) in
      guard let value = item.text.flatMap({ DurationText.parse($0) }), value <= .seconds(50) else {
        throw Mismatch(item)
      }
      return value
    },
    write: { $0 == .zero ? "0ms" : DurationText.format($0) })

  static let weight = Form<Double>(
    type: "number", allowed: "more than 0, less than 1000000000",
    read: { item throws(Mismatch) in
      guard let text = item.plainText, text.allSatisfy({ $0.isASCII && ($0.isNumber || ".e-+".contains($0)) }),
        let value = Double(text), value > 0, value < 1e9
      else { throw Mismatch(item) }
      return value
    },
    write: { $0 == $0.rounded() && $0 < 1e9 ? "\(Int($0))" : "\($0)" })
}

extension Form {
  /// What an error message says was expected, as for a key.
  var wanted: String { "a \(type) (\(allowed))" }
}

extension ServiceGraph {
  /// Every key of a service as a row of a Markdown table.
  package static func keyTable() -> String {
    let rows = GraphSchema.keys.map { key in
      "| `\(key.name)` | \(key.type) | \(key.unit) | \(key.allowed) | `\(key.defaultText ?? "")` | \(key.meaning) |"
    }
    let head = ["| key | type | unit | range | default | meaning |", "|---|---|---|---|---|---|"]
    return (head + rows).joined(separator: "\n") + "\n"
  }
}
