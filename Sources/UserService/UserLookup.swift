import ChainModel
import ServiceRuntime

/// `GET /users/{username}`: who is it?
struct UserLookup: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let user = try request.store(UserStore.find(username))
    return try Self.answer(user)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let username: String
    do throws(CallError) { username = try request.parameter("username") } catch { return completion(.failure(error)) }
    request.store(UserStore.find(username)) { found in
      completion(found.flatMap { user in Result { () throws(CallError) in try Self.answer(user) } })
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    let username = try request.parameter("username")
    let user = try await request.store(UserStore.find(username))
    return try Self.answer(user)
  }

  private static func answer(_ user: User?) throws(CallError) -> Answer {
    guard let user else { throw .notFound("user") }
    return .json(WireJSON.encode(user))
  }
}
