package import ChainModel
package import Topology

/// What is varied, and the values that it takes: `order-service.threads=1..64`.
package struct SweepAxis: Hashable, Sendable {
  package enum Subject: Hashable, Sendable {
    /// Requests per second, in an open loop.
    case rate
    /// Clients, in a closed loop.
    case closed
    /// `SERVICE.key`, as in `services.yaml`.
    case setting(String)

    package var name: String {
      switch self {
      case .rate: "rate"
      case .closed: "closed"
      case .setting(let path): path
      }
    }
  }

  package var subject: Subject
  /// In the order in which they are shown.
  package var values: [String]
  /// Whether they go up; names of IO models do not.
  package var isOrdered: Bool

  package static let syntax =
    "rate=10..200, closed=1..128, SERVICE.key=LOW..HIGH with whole numbers or durations, SERVICE.key=A,B,C, or "
    + "SERVICE.io_model"
  package static let stepRange = 2...1000

  /// Reads one. Whole numbers take each value if there are not too many; durations are each the same factor apart.
  /// - Parameters:
  ///   - text: as in `syntax`.
  ///   - steps: how many values, at most, between and with both ends.
  /// - Returns: the values, as they would stand in the file.
  /// - Throws: what is wrong with it. Whether the key exists and takes the values shows when they are set.
  package static func parse(_ text: String, steps: Int) throws(SettingError) -> SweepAxis {
    let setting = Setting(word: text)
    let (key, value) = (setting.key, setting.value.text)
    let subject: Subject
    switch key {
    case "rate": subject = .rate
    case "closed": subject = .closed
    case let path where path.contains("."): subject = .setting(path)
    default: throw SettingError(found: Written(text).found, expected: syntax)
    }
    if value.isEmpty, key.hasSuffix(".io_model") {
      return SweepAxis(subject: subject, values: IOModel.allCases.map(\.rawValue), isOrdered: false)
    }
    let axis = try values(of: subject, value, steps)
    try axis.check()
    return axis
  }

  private static func values(of subject: Subject, _ text: String, _ steps: Int) throws(SettingError) -> SweepAxis {
    guard let ends = ends(text) else {
      let list = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      guard list.count > 1, !list.contains("") else {
        throw SettingError(key: PlainText.visible(subject.name), found: Written(text).found, expected: syntax)
      }
      return SweepAxis(subject: subject, values: list, isOrdered: rise(list))
    }
    if let low = Int(ends.low), let high = Int(ends.high), low < high, low >= 0 {
      return SweepAxis(subject: subject, values: whole(low, high, steps), isOrdered: true)
    }
    if let low = DurationText.parse(ends.low), let high = DurationText.parse(ends.high), low < high {
      return SweepAxis(subject: subject, values: durations(low, high, steps), isOrdered: true)
    }
    throw SettingError(
      key: PlainText.visible(subject.name), found: Written(text).found,
      expected: "LOW..HIGH with LOW below HIGH: whole numbers from 0, or durations, such as 10ms..1s")
  }

  private static func ends(_ text: String) -> (low: String, high: String)? {
    let characters = Array(text)
    guard let dots = characters.indices.dropLast().first(where: { characters[$0] == "." && characters[$0 + 1] == "." })
    else { return nil }
    return (String(characters[..<dots]), String(characters[(dots + 2)...]))
  }

  private static func rise(_ list: [String]) -> Bool {
    let numbers = list.compactMap { Double($0) ?? DurationText.parse($0)?.seconds }
    return numbers.count == list.count && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
  }

  private static func whole(_ low: Int, _ high: Int, _ steps: Int) -> [String] {
    let (span, isTooFar) = high.subtractingReportingOverflow(low)
    guard isTooFar || span >= steps else { return (low...high).map(String.init) }
    let step = (Double(high) - Double(low)) / Double(steps - 1)
    return (0..<steps - 1).map { "\(low + Int((Double($0) * step).rounded()))" } + ["\(high)"]
  }

  private static func durations(_ low: Duration, _ high: Duration, _ steps: Int) -> [String] {
    // From nothing there is no factor.
    let isEven = low == .zero
    let factor = isEven ? 1 : Logarithm.exponential(Logarithm.natural(high.seconds / low.seconds) / Double(steps - 1))
    var values: [String] = []
    var value = low.seconds
    for place in 0..<steps - 1 {
      if isEven { value = high.seconds * Double(place) / Double(steps - 1) }
      let text = DurationText.format(.nanoseconds(Int64((value.rounded(toDigits: 3) * 1e9).rounded())))
      if values.last != text { values.append(text) }
      value *= factor
    }
    return values + [DurationText.format(high)]
  }

  private func check() throws(SettingError) {
    guard values.count <= Self.stepRange.upperBound else {
      throw SettingError(found: "\(values.count) values", expected: "at most \(Self.stepRange.upperBound)")
    }
    for value in values {
      switch subject {
      case .rate:
        guard let rate = Double(value), SimulationPlan.rates.contains(rate) else {
          throw SettingError(key: "rate", found: Written(value).found, expected: "0.001 to 10000000 requests a second")
        }
      case .closed:
        guard let clients = Int(value), SimulationPlan.clients.contains(clients) else {
          throw SettingError(key: "closed", found: Written(value).found, expected: "1 to 500000 clients")
        }
      case .setting: continue
      }
    }
  }

  /// The load with one of the values, if it is the load that is varied.
  package func arrival(_ value: String, _ arrival: SimulatedLoad.Arrival) -> SimulatedLoad.Arrival {
    switch subject {
    case .rate:
      let spacing: SimulatedLoad.Spacing = if case .open(_, let spacing) = arrival { spacing } else { .fixed }
      return .open(rate: Double(value) ?? 0, spacing)
    case .closed:
      let think: ServiceTime = if case .closed(_, let think) = arrival { think } else { .zero }
      return .closed(clients: Int(value) ?? 0, think: think)
    case .setting: return arrival
    }
  }

  /// The chain and the load with one of the values.
  /// - Throws: when the setting does not exist or does not take the value.
  package func applied(
    _ value: String, to topology: Topology, _ arrival: SimulatedLoad.Arrival
  ) throws(TopologyError) -> (topology: Topology, arrival: SimulatedLoad.Arrival) {
    var changed = topology
    if case .setting(let path) = subject { try changed.set(Setting(path, value), source: "--sweep") }
    return (changed, self.arrival(value, arrival))
  }
}
