import ChainModel
import ServiceRuntime

/// `GET /users/{user_id}/orders`: what has the user ordered?
struct OrderList: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let userID = try request.userID()
    let orders = try request.store(OrderStore.ofUser(userID))
    return .json(WireJSON.encode(orders))
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let userID: Int
    do throws(CallError) { userID = try request.userID() } catch { return completion(.failure(error)) }
    request.store(OrderStore.ofUser(userID)) { orders in
      completion(orders.map { .json(WireJSON.encode($0)) })
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let userID = try request.userID()
    let orders = try await request.store(OrderStore.ofUser(userID))
    return .json(WireJSON.encode(orders))
  }
}
