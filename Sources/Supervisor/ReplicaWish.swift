package import ChainModel

/// `scale.json`: how many replicas a user has asked for, by service. A service that nobody has asked about keeps what
/// `services.yaml` says.
package struct ReplicaWish: Hashable, Sendable {
  package private(set) var counts: [ServiceName: Int] = [:]

  package init() {}

  package mutating func ask(for count: Int, of service: ServiceName) { counts[service] = count }

  /// What is to be done about the replicas of a service.
  package enum Step: Hashable, Sendable {
    case start(Int)
    case retire(Int)
    /// It was to go, and may stay.
    case keep(Int)
  }

  /// - Parameters:
  ///   - wish: how many there are to be.
  ///   - present: the numbers of those that are there.
  ///   - retiring: the numbers of those of them that are about to go.
  /// - Returns: the steps, by number: the highest go first, since the first cannot.
  package static func steps(to wish: Int, present: Set<Int>, retiring: Set<Int>) -> [Step] {
    ReplicaName.numbers.compactMap { number in
      switch (number <= wish, present.contains(number), retiring.contains(number)) {
      case (true, false, _): .start(number)
      case (true, true, true): .keep(number)
      case (false, true, false): .retire(number)
      default: nil
      }
    }
  }
}

extension ReplicaWish: Codable {
  package init(from decoder: any Decoder) throws {
    let counts = try decoder.singleValueContainer().decode([String: Int].self)
    for (name, count) in counts {
      guard ReplicaName.numbers.contains(count) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "\(name) cannot have \(count) replicas"))
      }
      ask(for: count, of: ServiceName(name))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) }))
  }
}
