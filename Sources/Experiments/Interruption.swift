import Glibc
import Synchronization

/// Ctrl-C, or a SIGTERM, as something to look at, for verbs that end early with what they have. A second Ctrl-C ends the program.
package enum Interruption {
  // What a handler may touch: it runs between any two instructions of any thread.
  private static let isAsked = Atomic(false)

  /// From now on, for as long as the process lives.
  package static func watch() {
    // Touched first: initialising it is not for a handler.
    isAsked.store(false, ordering: .relaxed)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Interruption.isAsked.store(true, ordering: .relaxed) }
    action.sa_flags = SA_RESTART | Int32(bitPattern: UInt32(SA_RESETHAND))
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
  }

  package static var hasCome: Bool { isAsked.load(ordering: .relaxed) }

  /// Does a work, and cancels it when an interruption comes.
  package static func cancelling<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async -> Result<Value, any Error> {
    let task = Task { try await work() }
    let watch = Task {
      while !Task.isCancelled {
        if hasCome { return task.cancel() }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    defer { watch.cancel() }
    return await task.result
  }
}
