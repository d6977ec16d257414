import ChainModel
import ServiceRuntime

/// Knows who has ordered what.
@main
struct OrderServiceMain {
  static func main() {
    ServiceMain.run { folder throws(CallError) in
      try OrderStore.seed(folder)
      return [
        Route("GET", "/users/{user_id}/orders", OrderList()),
        Route(
          "GET", "/users/{user_id}/orders/payment-status", OrderPaymentStatus(customer: .number),
          calling: [.paymentService]),
        Route(
          "GET", "/usernames/{username}/orders/payment-status", OrderPaymentStatus(customer: .name),
          calling: [.paymentService]),
      ]
    }
  }
}
