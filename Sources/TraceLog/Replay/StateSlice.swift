/// A stretch of time in which a thread ran, or a wait held it. Times are of the log's clock.
package struct StateSlice: Hashable, Sendable {
  package var thread: ThreadKey
  /// What held it, the innermost of several; nil while it ran.
  package var wait: OpenWait?
  /// The request that it worked for; 0: none.
  package var span: UInt64
  package var start: UInt64
  package var end: UInt64
}

extension ChainReplay {
  /// The slices that have ended since the last call, and with a moment also those that go on, as if they ended then. A
  /// process that died has ended everything. In the order of their starts.
  package mutating func takeSlices(until moment: UInt64? = nil) -> [StateSlice] {
    var slices: [StateSlice] = []
    for slot in processes.keys { slices += changeSlices(of: slot, until: moment) }
    return slices.sorted { ($0.start, $0.thread.process, $0.thread.tid) < ($1.start, $1.thread.process, $1.thread.tid) }
  }
}

extension ProcessReplay {
  mutating func takeSlices(until moment: UInt64?) -> [StateSlice] {
    for tid in threads.keys { close(tid, until: moment.map { min($0, diedAt ?? $0) }) }
    defer { slices.removeAll() }
    return slices
  }

  /// Takes over what a thread's slices are, and with a moment the one that goes on then.
  mutating func close(_ tid: UInt32, until moment: UInt64?) {
    guard keepsSlices, let ended = threads[tid]?.takeEnded(until: moment) else { return }
    slices += ended.map { ended in
      StateSlice(
        thread: ThreadKey(process: slot, tid: ended.tid), wait: ended.wait, span: ended.span, start: ended.start,
        end: ended.end)
    }
  }
}
