/// What becomes of a request when its caller goes away before it is answered.
package enum LeaveRule: String, CaseIterable, Codable, Sendable {
  /// What is done for it is stopped.
  case cancel
  /// It is served all the same, as by most servers with a thread for each request.
  case finish
}

/// Other rules for the admission of requests. Rules left out stay as they are.
package struct AdmissionChange: Hashable, Sendable {
  /// A request whose deadline leaves less than this when it would be started is refused. Zero: none is.
  package var minRemaining: Duration?
  package var leave: LeaveRule?
  /// The most requests admitted and not yet answered; or fewer, where file descriptors do not suffice.
  package var inFlight: InFlightLimit?

  package init(minRemaining: Duration? = nil, leave: LeaveRule? = nil, inFlight: InFlightLimit? = nil) {
    self.minRemaining = minRemaining
    self.leave = leave
    self.inFlight = inFlight
  }

  package static let longestRemaining = Duration.seconds(3600)
}

// MARK: As text

/// Why a description of admission rules was refused.
package struct AdmissionSyntaxError: Error, Hashable, CustomStringConvertible, Sendable {
  package var description: String
}

extension AdmissionChange {
  package static let keyNames = ["min_remaining", "leave", "in_flight"]

  /// `min_remaining=100ms leave=finish`: what `parse` reads, in one line.
  package var text: String { fields.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }

  /// The change as keys and values, as the control port takes it.
  package var fields: [(key: String, value: String)] {
    var fields: [(key: String, value: String)] = []
    if let minRemaining { fields.append(("min_remaining", DurationText.format(minRemaining))) }
    if let leave { fields.append(("leave", leave.rawValue)) }
    if let inFlight { fields.append(("in_flight", inFlight.text)) }
    return fields
  }

  /// Reads `min_remaining=100ms leave=finish in_flight=100`, each word as a key and a value; at least one.
  package static func parse(_ fields: [(key: String, value: String)]) throws(AdmissionSyntaxError) -> AdmissionChange {
    guard !fields.isEmpty else {
      throw AdmissionSyntaxError(description: "found nothing, expected one or more of \(known)")
    }
    var change = AdmissionChange()
    for (key, value) in fields { try change.set(key, value) }
    return change
  }

  /// Reads the words of a command line.
  package static func parse(words: [String]) throws(AdmissionSyntaxError) -> AdmissionChange {
    try parse(
      words.map { word in
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      })
  }

  private static var known: String { keyNames.joined(separator: ", ") }

  private mutating func set(_ key: String, _ value: String) throws(AdmissionSyntaxError) {
    switch key {
    case "min_remaining":
      guard let time = DurationText.parse(value), time <= Self.longestRemaining else {
        throw Self.wrong(key, value, "a duration like 100ms, at most 3600s")
      }
      minRemaining = time
    case "leave":
      guard let rule = LeaveRule(rawValue: value) else { throw Self.wrong(key, value, "cancel or finish") }
      leave = rule
    case "in_flight":
      guard let limit = InFlightLimit(value) else { throw Self.wrong(key, value, InFlightLimit.forms) }
      inFlight = limit
    default: throw AdmissionSyntaxError(description: Typo.unknown("key", key, among: Self.keyNames))
    }
  }

  private static func wrong(_ key: String, _ value: String, _ expected: String) -> AdmissionSyntaxError {
    AdmissionSyntaxError(description: "\(key): found '\(value)', expected \(expected)")
  }
}
