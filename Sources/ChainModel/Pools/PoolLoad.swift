/// A pool of threads at a moment: what full and saturated are, here and nowhere else (see `Glossary`).
package struct PoolLoad: Hashable, Sendable {
  /// Threads that take requests, or would.
  package var threads: Int
  package var busy: Int
  /// Requests that wait for one of them.
  package var queued: Int

  @inlinable
  package init(threads: Int, busy: Int, queued: Int) {
    self.threads = threads
    self.busy = busy
    self.queued = queued
  }

  /// How many threads a pool has: as many as its service says, as soon as there is one; where it does not say, those
  /// that there are.
  @inlinable
  package static func threads(configured: Int?, alive: Int) -> Int {
    configured.map { alive == 0 ? 0 : Swift.max($0, 1) } ?? alive
  }

  /// All its threads are busy: the next request must wait.
  @inlinable package var isFull: Bool { threads > 0 && busy >= threads }
  /// And one waits already.
  @inlinable package var isSaturated: Bool { isFull && queued >= 1 }
}
