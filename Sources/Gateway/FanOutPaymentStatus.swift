import ChainModel
import ServiceRuntime

/// `GET /fanout/users/{username}/payment-status`: the gateway asks user-service and order-service at the same time, so that
/// the slower of the two is what the request takes.
struct FanOutPaymentStatus: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let answers = try request.getAll(Self.calls(username))
    return Self.answer(answers)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let username: String
    do throws(CallError) { username = try request.parameter("username") } catch { return completion(.failure(error)) }
    request.getAll(Self.calls(username)) { answers in
      completion(answers.map { Self.answer($0) })
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let answers = try await request.getAll(Self.calls(username))
    return Self.answer(answers)
  }

  /// order-service knows its customers by name as well: it need not wait for what user-service answers.
  private static func calls(_ username: String) -> [CallRequest] {
    let name = PercentCoding.encode(username)
    return [
      CallRequest(.userService, "/users/\(name)"),
      CallRequest(.orderService, "/usernames/\(name)/orders/payment-status"),
    ]
  }

  /// In the order of the calls.
  private static func answer(_ answers: [CalleeAnswer]) -> Answer {
    .json(PaymentStatus.body(user: answers[0].body, orders: answers[1].body))
  }
}
