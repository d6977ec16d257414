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

  /// Nil for what no replica of these services is called; `payment-service-1` is none, so that each has one name only.
  package init?(_ text: some StringProtocol, of services: some Sequence<ServiceName>) {
    for service in services {
      for number in Self.numbers where ReplicaName(service, number).text == text {
        self.init(service, number)
        return
      }
    }
    return nil
  }

  /// What a process with this name and this number is a replica of.
  package init(process text: String, number: Int) {
    let suffix = number == 1 ? "" : "-\(number)"
    self.init(ServiceName(text.hasSuffix(suffix) ? text.dropLast(suffix.count) : text[...]), number)
  }

  package var isFirst: Bool { number == 1 }

  package var text: String { isFirst ? service.rawValue : "\(service.rawValue)-\(number)" }

  /// Prefix of its thread names, `payment2`: with role and number they stay within Linux' 15 bytes.
  package var shortName: String { isFirst ? service.shortName : "\(service.shortName)\(number)" }
}
