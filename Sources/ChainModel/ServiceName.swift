/// The four services of the chain, front to back. The raw value is the name in `services.yaml`, in URLs and in the log.
package enum ServiceName: String, CaseIterable, Codable, Sendable {
  case gateway
  case userService = "user-service"
  case orderService = "order-service"
  case paymentService = "payment-service"

  /// Prefix of the service's thread names: a Linux thread name has at most 15 bytes.
  package var shortName: String {
    switch self {
    case .gateway: "gateway"
    case .userService: "user"
    case .orderService: "order"
    case .paymentService: "payment"
    }
  }

  /// Counted from 0 at the front.
  package var place: Int {
    switch self {
    case .gateway: 0
    case .userService: 1
    case .orderService: 2
    case .paymentService: 3
    }
  }
}
