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
}
