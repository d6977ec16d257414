/// Whether a request's caller has gone away, and what must be stopped then. Touched by the loop that sees the caller
/// leave and by whichever thread works for the request.
final class Cancellation: Sendable {
  private struct State {
    var isCancelled = false
    var nextToken = 0
    var actions: [(token: Int, action: @Sendable () -> Void)] = []
  }

  private let state = Locked(State())

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Runs the action when the caller goes away, on the thread that notices; at once if it has gone already.
  /// - Returns: a token for `remove`.
  func onCancel(_ action: @escaping @Sendable () -> Void) -> Int {
    let token: Int? = state.withLock { state in
      guard !state.isCancelled else { return nil }
      state.nextToken += 1
      state.actions.append((state.nextToken, action))
      return state.nextToken
    }
    guard let token else {
      action()
      return 0
    }
    return token
  }

  func remove(_ token: Int) {
    state.withLock { state in state.actions.removeAll { $0.token == token } }
  }

  func cancel() {
    let actions = state.withLock { state in
      state.isCancelled = true
      defer { state.actions = [] }
      return state.actions
    }
    for (_, action) in actions { action() }
  }
}
