import ChainModel
import ServiceRuntime

/// The front of the chain: what users ask.
@main
struct GatewayMain {
  static func main() {
    ServiceMain.run { _ throws(CallError) in
      [
        Route("GET", "/users/{username}/payment-status", NestedPaymentStatus(), calling: [.userService]),
        Route(
          "GET", "/orchestrated/users/{username}/payment-status", OrchestratedPaymentStatus(),
          calling: [.userService, .orderService, .paymentService]),
        Route(
          "GET", "/fanout/users/{username}/payment-status", FanOutPaymentStatus(),
          calling: [.userService, .orderService]),
      ]
    }
  }
}
