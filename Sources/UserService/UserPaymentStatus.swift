import ChainModel
import ServiceRuntime

/// `GET /users/{username}/payment-status`: the user, and from order-service the orders with their payments.
struct UserPaymentStatus: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let user = try Self.known(try request.store(UserStore.find(username)))
    let orders = try request.get(.orderService, Self.path(user))
    return Self.answer(user, orders)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let username: String
    do throws(CallError) { username = try request.parameter("username") } catch { return completion(.failure(error)) }
    request.store(UserStore.find(username)) { found in
      let user: User
      do throws(CallError) { user = try Self.known(try found.get()) } catch { return completion(.failure(error)) }
      request.get(.orderService, Self.path(user)) { orders in
        completion(orders.map { Self.answer(user, $0) })
      }
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let user = try Self.known(try await request.store(UserStore.find(username)))
    let orders = try await request.get(.orderService, Self.path(user))
    return Self.answer(user, orders)
  }

  private static func known(_ user: User?) throws(CallError) -> User {
    guard let user else { throw .notFound("user") }
    return user
  }

  private static func path(_ user: User) -> String { "/users/\(user.id)/orders/payment-status" }

  private static func answer(_ user: User, _ orders: CalleeAnswer) -> Answer {
    .json(PaymentStatus.body(user: WireJSON.encode(user), orders: orders.body))
  }
}
