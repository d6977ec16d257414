import ChainModel
import ServiceRuntime

/// `GET /orchestrated/users/{username}/payment-status`: the gateway asks the three services itself, one after another.
/// The callback version of it is the notes' callback hell.
struct OrchestratedPaymentStatus: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let user = try Self.user(try request.get(.userService, Self.userPath(username)))
    let orders = try Self.orders(try request.get(.orderService, Self.orderPath(user)))
    let payments = try Self.payments(try request.get(.paymentService, Self.paymentPath(orders)))
    return Self.answer(user, orders, payments)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let username: String
    do throws(CallError) { username = try request.parameter("username") } catch { return completion(.failure(error)) }
    request.get(.userService, Self.userPath(username)) { found in
      let user: User
      do throws(CallError) { user = try Self.user(try found.get()) } catch { return completion(.failure(error)) }
      request.get(.orderService, Self.orderPath(user)) { found in
        let orders: [Order]
        do throws(CallError) { orders = try Self.orders(try found.get()) } catch { return completion(.failure(error)) }
        request.get(.paymentService, Self.paymentPath(orders)) { found in
          let payments: [Payment]
          do throws(CallError) { payments = try Self.payments(try found.get()) } catch {
            return completion(.failure(error))
          }
          completion(.success(Self.answer(user, orders, payments)))
        }
      }
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let user = try Self.user(try await request.get(.userService, Self.userPath(username)))
    let orders = try Self.orders(try await request.get(.orderService, Self.orderPath(user)))
    let payments = try Self.payments(try await request.get(.paymentService, Self.paymentPath(orders)))
    return Self.answer(user, orders, payments)
  }

  // MARK: The steps that do not wait, the same in every style

  private static func userPath(_ username: String) -> String { "/users/\(PercentCoding.encode(username))" }

  private static func orderPath(_ user: User) -> String { "/users/\(user.id)/orders" }

  private static func paymentPath(_ orders: [Order]) -> String { PaymentQuery.path(orders.map(\.id)) }

  private static func user(_ answer: CalleeAnswer) throws(CallError) -> User {
    guard let user = WireJSON.decode(User.self, from: answer.body) else { throw .malformedAnswer(.userService) }
    return user
  }

  private static func orders(_ answer: CalleeAnswer) throws(CallError) -> [Order] {
    guard let orders = WireJSON.decode([Order].self, from: answer.body) else { throw .malformedAnswer(.orderService) }
    return orders
  }

  private static func payments(_ answer: CalleeAnswer) throws(CallError) -> [Payment] {
    guard let payments = WireJSON.payments(from: answer.body) else {
      throw .malformedAnswer(.paymentService)
    }
    return payments
  }

  private static func answer(_ user: User, _ orders: [Order], _ payments: [Payment]) -> Answer {
    .json(
      PaymentStatus.body(
        user: WireJSON.encode(user), orders: WireJSON.encode(OrderStatus.join(orders, payments))))
  }
}
