import Atomics
import ChainModel

/// What one event loop has in flight, and whether it takes in more: `AdaptiveLimit`, fed by the loop that it is about.
///
/// Each loop decides for itself, without a lock: its connections are its own, and so is what waits in their sockets.
final class LoopLoad: @unchecked Sendable {  // touched on its loop only, but for atomics
  private var adaptive: AdaptiveLimit
  private let inFlight = ManagedAtomic<Int>(0)
  /// `AdaptiveLimit.limit`, for others to see, and when a request was refused last.
  private let published = ManagedAtomic<Int>(0)
  private let refusedAt = ManagedAtomic<UInt64>(0)

  /// A loop that has refused nobody for so long is not overloaded, whatever limit it has kept.
  private static let memory: UInt64 = 1_000_000_000

  init(most: Int) {
    adaptive = AdaptiveLimit(most: most, at: Monotonic.now())
  }

  /// From any thread: how many requests the loop may have in flight; nil: it refuses nobody for overload.
  func limit(at now: UInt64) -> Int? {
    let last = refusedAt.load(ordering: .relaxed)
    return last > 0 && now &- last < Self.memory ? published.load(ordering: .relaxed) : nil
  }

  /// A request is about to be admitted or refused; call `ended` when it has its answer.
  func begun() { inFlight.wrappingIncrement(ordering: .relaxed) }

  /// From any thread.
  func ended() { inFlight.wrappingDecrement(ordering: .relaxed) }

  /// Decides about the request that has `begun`.
  /// - Parameters:
  ///   - socket: where it came from.
  ///   - least: how many the loop has in flight at least, however long they wait.
  ///   - now: the time.
  /// - Returns: whether to serve it.
  func admits(from socket: ClientSocket, least: Int, at now: UInt64) -> Bool {
    let waited = adaptive.asksForWait ? socket.sinceLastBytes : nil
    let isAdmitted = adaptive.arrive(waited: waited, inFlight: inFlight.load(ordering: .relaxed) - 1, least: least, at: now)
    guard !isAdmitted else { return true }
    published.store(adaptive.limit, ordering: .relaxed)
    refusedAt.store(now, ordering: .relaxed)
    return false
  }

  /// A thread has begun to work for a request of this loop, so long after it was asked to.
  func waitedForThread(_ wait: UInt64, since: UInt64) { adaptive.note(.threads, wait, since: since) }
}
