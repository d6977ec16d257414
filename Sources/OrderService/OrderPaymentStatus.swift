import ChainModel
import ServiceRuntime

/// `GET /users/{user_id}/orders/payment-status`: the orders, each with its payment from payment-service.
struct OrderPaymentStatus: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let userID = try request.userID()
    let orders = try request.store(OrderStore.ofUser(userID))
    let payments = try request.get(.paymentService, Self.path(orders))
    return try Self.answer(orders, payments)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let userID: Int
    do throws(CallError) { userID = try request.userID() } catch { return completion(.failure(error)) }
    request.store(OrderStore.ofUser(userID)) { found in
      let orders: [Order]
      do throws(CallError) { orders = try found.get() } catch { return completion(.failure(error)) }
      request.get(.paymentService, Self.path(orders)) { payments in
        completion(payments.flatMap { answer in Result { () throws(CallError) in try Self.answer(orders, answer) } })
      }
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let userID = try request.userID()
    let orders = try await request.store(OrderStore.ofUser(userID))
    let payments = try await request.get(.paymentService, Self.path(orders))
    return try Self.answer(orders, payments)
  }

  private static func path(_ orders: [Order]) -> String { PaymentQuery.path(orders.map(\.id)) }

  private static func answer(_ orders: [Order], _ payments: CalleeAnswer) throws(CallError) -> Answer {
    guard let payments = WireJSON.payments(from: payments.body) else {
      throw .malformedAnswer(.paymentService)
    }
    return .json(WireJSON.encode(OrderStatus.join(orders, payments)))
  }
}
