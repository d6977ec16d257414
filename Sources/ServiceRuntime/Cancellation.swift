import Synchronization

/// Whether a request's caller has gone away, and what must be stopped then. Touched by the loop that sees the caller
/// leave and by whichever thread works for the request.
struct Cancellation: ~Copyable, Sendable {
  // Both are part of an `Exchange`: were they private, the compiler would not find them from there in a debug build.
  struct Action: Sendable {
    var token: Int
    var run: @Sendable () -> Void
  }

  struct State {
    var isCancelled = false
    var nextToken = 0
    /// Nearly always the only one; an array of one would be a block of memory for each call.
    var action: Action?
    /// Those of a function that waits for several things at once.
    var others: [Action] = []
  }

  private let state = Mutex(State())

  var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Runs the action when the caller goes away, on the thread that notices; at once if it has gone already.
  /// - Returns: a token for `remove`.
  func onCancel(_ action: @escaping @Sendable () -> Void) -> Int {
    let token: Int? = state.withLock { state in
      guard !state.isCancelled else { return nil }
      state.nextToken += 1
      let added = Action(token: state.nextToken, run: action)
      if state.action == nil { state.action = added } else { state.others.append(added) }
      return state.nextToken
    }
    guard let token else {
      action()
      return 0
    }
    return token
  }

  func remove(_ token: Int) {
    state.withLock { state in
      if state.action?.token == token {
        state.action = nil
      } else if !state.others.isEmpty {
        state.others.removeAll { $0.token == token }
      }
    }
  }

  func cancel() {
    let actions = state.withLock { state in
      state.isCancelled = true
      defer { (state.action, state.others) = (nil, []) }
      return (state.action.map { [$0] } ?? []) + state.others
    }
    for action in actions { action.run() }
  }
}
