package import ChainModel

/// A stretch of time in which a thread was in one state, or a request waited without any thread. Times are of the log's
/// clock.
package struct LaneSlice: Hashable, Sendable {
  package enum Lane: Hashable, Sendable {
    case thread(UInt32)
    /// Of a request that no thread waits for: see `SuspendedRows`.
    case suspended(row: Int)
    /// All that have found no row, as one.
    case suspendedFurther
  }

  /// Slot in the log's table of processes.
  package var process: UInt16
  package var lane: Lane
  package var start: UInt64
  package var end: UInt64
  /// What held the thread or the request; nil while a thread ran.
  package var cause: WaitCause?
  /// String id of what it waited for; 0 while it ran.
  package var target: UInt32
  /// The request it was at; 0 if none.
  package var span: UInt64
  /// How many requests it stands for; of several, cause and target are those of most.
  package var requests = 1
}

/// Which rows a process's suspended requests are drawn in: each has the lowest one that is free, from when it begins to
/// wait without a thread until a thread is at it again. What finds none is counted by what it waits for.
struct SuspendedRows {
  /// As many as can be looked at.
  static let limit = 40
  static let further = limit

  struct Reason: Hashable {
    var cause: WaitCause
    var target: UInt32
  }

  private var taken: UInt64 = 0
  private var waiting: [Reason: Int] = [:]
  private(set) var since: UInt64 = 0

  /// Those without a row.
  var furtherCount: Int { waiting.values.reduce(0, +) }

  /// A row from 0, or `further`.
  mutating func take() -> Int {
    let row = (~taken).trailingZeroBitCount
    guard row < Self.limit else { return Self.further }
    taken |= 1 << UInt64(row)
    return row
  }

  mutating func give(back row: Int) {
    if row < Self.limit { taken &= ~(1 << UInt64(row)) }
  }

  /// Counts one more, or one less, of those without a row.
  /// - Returns: the stretch that ends now, if there were any.
  mutating func count(_ reason: Reason, by change: Int, _ process: UInt16, at time: UInt64) -> LaneSlice? {
    let ended = further(process, until: time)
    let left = (waiting[reason] ?? 0) + change
    waiting[reason] = left > 0 ? left : nil
    since = time
    return ended
  }

  /// What those without a row wait for, as one slice.
  func further(_ process: UInt16, until end: UInt64) -> LaneSlice? {
    guard let most = waiting.max(by: { ($0.value, $1.key.target) < ($1.value, $0.key.target) }) else { return nil }
    return LaneSlice(
      process: process, lane: .suspendedFurther, start: since, end: end, cause: most.key.cause,
      target: most.key.target, span: 0, requests: furtherCount)
  }
}

/// What is shown of a request that waits without a thread.
struct ShownWait: Hashable {
  var wait: UInt64
  var reason: SuspendedRows.Reason
  var row: Int
  var since: UInt64
}

extension CascadeFold {
  func slice(_ place: Int, until end: UInt64) -> LaneSlice {
    LaneSlice(
      process: UInt16(truncatingIfNeeded: threads[place].process), lane: .thread(threads[place].tid),
      start: threads[place].stateSince, end: end,
      cause: threads[place].state > 1 ? WaitCause(rawValue: threads[place].state - 1) : nil,
      target: threads[place].stateTarget, span: threads[place].stateSpan)
  }

  /// Tells of what a request has waited for without a thread, when that changes.
  mutating func showWait(_ place: Int, isOver: Bool = false) {
    guard let onSlice else { return }
    let now = isOver ? nil : requests[place].unattended
    let shown = requests[place].shown
    guard shown?.wait != now?.id || shown?.reason.cause != now?.cause else { return }
    let slot = requests[place].process
    let process = UInt16(truncatingIfNeeded: slot)
    let number = Int(slot)
    while suspendedRows.count <= number { suspendedRows.append(SuspendedRows()) }
    if let shown {
      if shown.row == SuspendedRows.further {
        if let ended = suspendedRows[number].count(shown.reason, by: -1, process, at: time) { onSlice(ended) }
      } else {
        onSlice(slice(of: requests[place].span, shown, process, until: time))
      }
      if now == nil { suspendedRows[number].give(back: shown.row) }
    }
    guard let now else { return requests[place].shown = nil }
    let reason = SuspendedRows.Reason(cause: now.cause, target: now.target)
    let row = shown?.row ?? suspendedRows[number].take()
    if row == SuspendedRows.further, let ended = suspendedRows[number].count(reason, by: 1, process, at: time) {
      onSlice(ended)
    }
    requests[place].shown = ShownWait(wait: now.id, reason: reason, row: row, since: time)
  }

  private func slice(of span: UInt64, _ shown: ShownWait, _ process: UInt16, until end: UInt64) -> LaneSlice {
    LaneSlice(
      process: process, lane: .suspended(row: shown.row), start: shown.since, end: end, cause: shown.reason.cause,
      target: shown.reason.target, span: span)
  }

  /// What the threads that are not idle do now, and what requests wait for without a thread.
  package var openSlices: [LaneSlice] {
    let held = threads.indices.filter { threads[$0].isAlive && threads[$0].state != 0 }.map { slice($0, until: time) }
    let suspended = requests.indices.compactMap { place -> LaneSlice? in
      guard requestNodes[place] >= 0, let shown = requests[place].shown, shown.row != SuspendedRows.further else {
        return nil
      }
      return slice(of: requests[place].span, shown, UInt16(truncatingIfNeeded: requests[place].process), until: time)
    }
    let further = suspendedRows.indices.compactMap {
      suspendedRows[$0].further(UInt16(truncatingIfNeeded: $0), until: time)
    }
    return held + suspended + further
  }
}
