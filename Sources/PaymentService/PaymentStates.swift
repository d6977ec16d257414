import ChainModel
import ServiceRuntime

/// `GET /payments?order_ids=1,2,3`: which of these orders are paid? Each answer leaves a line in the ledger.
struct PaymentStates: Handler {
  let ledger: AppendFile

  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let orderIDs = try PaymentQuery.orderIDs(try request.query("order_ids"))
    let payments = try request.store(PaymentStore.states(orderIDs))
    try request.store(PaymentStore.record(payments, of: request.trace, in: ledger))
    return .json(WireJSON.encode(payments))
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let orderIDs: [Int]
    do throws(CallError) { orderIDs = try PaymentQuery.orderIDs(try request.query("order_ids")) } catch {
      return completion(.failure(error))
    }
    request.store(PaymentStore.states(orderIDs)) { [ledger] found in
      let payments: [Payment]
      do throws(CallError) { payments = try found.get() } catch { return completion(.failure(error)) }
      request.store(PaymentStore.record(payments, of: request.trace, in: ledger)) { written in
        completion(written.map { .json(WireJSON.encode(payments)) })
      }
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let orderIDs = try PaymentQuery.orderIDs(try request.query("order_ids"))
    let payments = try await request.store(PaymentStore.states(orderIDs))
    try await request.store(PaymentStore.record(payments, of: request.trace, in: ledger))
    return .json(WireJSON.encode(payments))
  }
}
