/// One process of a service: which service, and which of its replicas, counted from 1. In the log, on command lines and
/// in folders the first is called like its service, and the others `payment-service-2`, `payment-service-3`, …
package struct ReplicaName: Hashable, Sendable {
  package var service: ServiceName
  package var number: Int

  /// How many replicas a service may have.
  package static let numbers = 1...8

  package init(_ service: ServiceName, _ number: Int = 1) {
    self.service = service
    self.number = number
  }

  /// Nil for what no replica is called; `payment-service-1` is none, so that each has one name only.
  package init?(_ text: some StringProtocol) {
    if let service = ServiceName(rawValue: String(text)) {
      self.init(service)
      return
    }
    guard let dash = text.lastIndex(of: "-"), let service = ServiceName(rawValue: String(text[..<dash])),
      let number = Int(text[text.index(after: dash)...]), number > 1, Self.numbers.contains(number)
    else { return nil }
    self.init(service, number)
    // +2 and 02 are numbers as well.
    guard self.text == text else { return nil }
  }

  package var isFirst: Bool { number == 1 }

  package var text: String { isFirst ? service.rawValue : "\(service.rawValue)-\(number)" }

  /// Prefix of its thread names, `payment2`: with role and number they stay within Linux' 15 bytes.
  package var shortName: String { isFirst ? service.shortName : "\(service.shortName)\(number)" }
}

/// Front to back, and the replicas of a service side by side.
extension ReplicaName: Comparable {
  package static func < (a: ReplicaName, b: ReplicaName) -> Bool {
    (a.service.place, a.number) < (b.service.place, b.number)
  }

  /// Sorts the processes of a log, also those of which no service is called so: they come last, by name.
  package static func rank(_ text: String) -> (Int, Int, String) {
    guard let name = ReplicaName(text) else { return (ServiceName.allCases.count, 0, text) }
    return (name.service.place, name.number, "")
  }
}
