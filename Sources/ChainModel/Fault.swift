/// What can be broken in a service while it runs.
package enum FaultKind: Hashable, Sendable {
  /// Added waiting before the handler's own work.
  case latency(Latency)
  /// The request is answered with this status instead.
  case error(status: Int)
  /// The request waits until the fault is lifted or its deadline passes.
  case hang
  /// The connection is reset (TCP RST) instead of answered.
  case reset
  /// Everything that starts within the window ends after it.
  case stall(Duration)
  /// A blocking sleep on the thread that runs the handler: on an event loop, the classic mistake.
  case blockLoop(Duration)
  /// Each query of the database takes this much longer, and holds whoever makes it.
  case slowQuery(Duration)

  /// The key that selects it on the command line and on the control port; one fault of each name can be in force.
  package var name: String {
    switch self {
    case .latency: "latency"
    case .error: "error"
    case .hang: "hang"
    case .reset: "reset"
    case .stall: "stall"
    case .blockLoop: "block-loop"
    case .slowQuery: "slow-query"
    }
  }

  var text: String {
    switch self {
    case .latency(let latency): "latency=\(latency.text)"
    case .error(let status): "error=\(status)"
    case .hang: "hang"
    case .reset: "reset"
    case .stall(let window): "stall=\(DurationText.format(window))"
    case .blockLoop(let duration): "block-loop=\(DurationText.format(duration))"
    case .slowQuery(let duration): "slow-query=\(DurationText.format(duration))"
    }
  }
}

/// A fault as the user asks for it.
package struct Fault: Hashable, Sendable {
  package var kind: FaultKind
  /// The share of matching requests it hits, in `0 < share <= 1`.
  package var share: Double
  /// Only requests for this user.
  package var user: String?
  /// Only requests with this header; the name is lower case.
  package var header: Header?
  /// After this time it lifts itself.
  package var duration: Duration?

  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package init(
    _ kind: FaultKind, share: Double = 1, user: String? = nil, header: Header? = nil, for duration: Duration? = nil
  ) {
    self.kind = kind
    self.share = share
    self.user = user
    self.header = header
    self.duration = duration
  }

  /// `latency=1s share=50%`: what `parse` reads, in one line.
  package var text: String { fields.map { $0.value.isEmpty ? $0.key : "\($0.key)=\($0.value)" }.joined(separator: " ") }

  /// The fault as keys and values, as the control port takes it.
  package var fields: [(key: String, value: String)] {
    let kindText = kind.text
    let value = kindText.firstIndex(of: "=").map { String(kindText[kindText.index(after: $0)...]) } ?? ""
    var fields = [(key: kind.name, value: value)]
    if share < 1 { fields.append(("share", ShareText.format(share))) }
    if let user { fields.append(("user", user)) }
    if let header { fields.append(("header", "\(header.name):\(header.value)")) }
    if let duration { fields.append(("for", DurationText.format(duration))) }
    return fields
  }
}

/// Why a fault's description was refused.
package struct FaultSyntaxError: Error, Hashable, CustomStringConvertible, Sendable {
  package var description: String
}

extension Fault {
  package static let kindNames = ["latency", "error", "hang", "reset", "stall", "block-loop", "slow-query"]
  private static let optionNames = ["share", "user", "header", "for"]

  /// Reads `latency=1s share=50% user=ada header=x-test:1 for=10s`, each word as a key and a value.
  package static func parse(_ fields: [(key: String, value: String)]) throws(FaultSyntaxError) -> Fault {
    var fault: Fault?
    for (key, value) in fields where kindNames.contains(key) {
      guard fault == nil else { throw FaultSyntaxError(description: "one fault at a time: found \(key) as well") }
      fault = Fault(try parseKind(key, value))
    }
    guard var fault else {
      if let key = fields.first(where: { !optionNames.contains($0.key) })?.key {
        throw FaultSyntaxError(description: Typo.unknown("fault", key, among: kindNames + ["clear"]))
      }
      throw FaultSyntaxError(description: "no fault named: expected one of \(kindNames.joined(separator: ", "))")
    }
    for (key, value) in fields where !kindNames.contains(key) { try fault.set(key, value) }
    return fault
  }

  /// Reads the words of a command line.
  package static func parse(words: [String]) throws(FaultSyntaxError) -> Fault {
    try parse(
      words.map { word in
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      })
  }

  private static func parseKind(_ key: String, _ value: String) throws(FaultSyntaxError) -> FaultKind {
    switch key {
    case "latency":
      guard let latency = Latency.parse(value) else { throw wrong(key, value, Latency.forms) }
      return .latency(latency)
    case "error":
      guard let status = Int(value), (400...599).contains(status) else { throw wrong(key, value, "400 to 599") }
      return .error(status: status)
    case "stall":
      guard let window = DurationText.parse(value), window > .zero else {
        throw wrong(key, value, DurationText.expected)
      }
      return .stall(window)
    case "block-loop", "slow-query":
      guard let duration = DurationText.parse(value), duration > .zero, duration <= .seconds(60) else {
        throw wrong(key, value, "a duration like 500ms, at most 60s")
      }
      return key == "slow-query" ? .slowQuery(duration) : .blockLoop(duration)
    default:
      guard value.isEmpty || value == "true" else { throw wrong(key, value, "no value") }
      return key == "hang" ? .hang : .reset
    }
  }

  private mutating func set(_ key: String, _ value: String) throws(FaultSyntaxError) {
    switch key {
    case "share":
      guard let number = ShareText.parse(value) else { throw Self.wrong(key, value, "0.1 or 10%") }
      share = number
      guard share > 0, share <= 1 else { throw Self.wrong(key, value, "more than 0 and at most 100%") }
    case "user":
      guard !value.isEmpty else { throw Self.wrong(key, value, "a user name") }
      user = value
    case "header":
      let parts = value.split(separator: ":", maxSplits: 1)
      let text = parts.last?.drop { $0 == " " } ?? ""
      guard parts.count == 2, !text.isEmpty else { throw Self.wrong(key, value, "name:value") }
      header = Header(name: parts[0].lowercased(), value: String(text))
    case "for":
      guard let time = DurationText.parse(value), time > .zero else {
        throw Self.wrong(key, value, DurationText.expected)
      }
      duration = time
    default:
      throw FaultSyntaxError(description: Typo.unknown("key", key, among: Self.kindNames + Self.optionNames))
    }
  }

  private static func wrong(_ key: String, _ value: String, _ expected: String) -> FaultSyntaxError {
    FaultSyntaxError(description: "\(key): found '\(value)', expected \(expected)")
  }
}
