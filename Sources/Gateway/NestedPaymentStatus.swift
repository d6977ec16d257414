import ChainModel
import ServiceRuntime

/// `GET /users/{username}/payment-status`, the chain: user-service asks order-service, which asks payment-service.
struct NestedPaymentStatus: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let status = try request.get(.userService, Self.path(username))
    return .json(status.body)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let username: String
    do throws(CallError) { username = try request.parameter("username") } catch { return completion(.failure(error)) }
    request.get(.userService, Self.path(username)) { status in
      completion(status.map { .json($0.body) })
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let status = try await request.get(.userService, Self.path(username))
    return .json(status.body)
  }

  private static func path(_ username: String) -> String { "/users/\(PercentCoding.encode(username))/payment-status" }
}
