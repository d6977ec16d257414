package import ChainModel

/// A stretch of time in which a thread was in one state. Times are of the log's clock.
package struct ThreadSlice: Hashable, Sendable {
  /// Slot in the log's table of processes.
  package var process: UInt16
  package var tid: UInt32
  package var start: UInt64
  package var end: UInt64
  /// What held the thread; nil while it ran.
  package var cause: WaitCause?
  /// String id of what it waited for; 0 while it ran.
  package var target: UInt32
  /// The request it was at; 0 if none.
  package var span: UInt64
}

extension CascadeFold {
  func slice(_ place: Int, until end: UInt64) -> ThreadSlice {
    ThreadSlice(
      process: UInt16(truncatingIfNeeded: threads[place].process), tid: threads[place].tid,
      start: threads[place].stateSince, end: end,
      cause: threads[place].state > 1 ? WaitCause(rawValue: threads[place].state - 1) : nil,
      target: threads[place].stateTarget, span: threads[place].stateSpan)
  }

  /// What the threads that are not idle do now.
  package var openSlices: [ThreadSlice] {
    threads.indices.filter { threads[$0].isAlive && threads[$0].state != 0 }.map { slice($0, until: time) }
  }
}
