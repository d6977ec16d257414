import ChainModel
import ServiceRuntime

/// `GET /users/{user_id}/orders/payment-status`, and the same for those who know only the user's name: the orders, each
/// with its payment from payment-service.
struct OrderPaymentStatus: Handler {
  let customer: Customer

  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let asked = try request.orders(of: customer)
    let orders = try request.store(asked)
    let payments = try request.get(.paymentService, Self.path(orders))
    return try Self.answer(orders, payments)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let asked: StoreWork<[Order]>
    do throws(CallError) { asked = try request.orders(of: customer) } catch { return completion(.failure(error)) }
    request.store(asked) { found in
      let orders: [Order]
      do throws(CallError) { orders = try found.get() } catch { return completion(.failure(error)) }
      request.get(.paymentService, Self.path(orders)) { payments in
        completion(payments.flatMap { answer in Result { () throws(CallError) in try Self.answer(orders, answer) } })
      }
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let asked = try request.orders(of: customer)
    let orders = try await request.store(asked)
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
