import ChainModel
import ServiceRuntime

/// Knows who the users are.
@main
struct UserServiceMain {
  static func main() {
    ServiceMain.run { folder throws(CallError) in
      try UserStore.seed(folder)
      return [
        Route("GET", "/users/{username}", UserLookup()),
        Route("GET", "/users/{username}/payment-status", UserPaymentStatus(), calling: [.orderService]),
      ]
    }
  }
}
