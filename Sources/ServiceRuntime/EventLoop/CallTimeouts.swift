import ChainModel
import NIOCore

/// Ends the calls of one event loop that take too long, with one timer for all of them: a timer of its own for each would
/// be a twentieth of what a call costs, and to cancel one takes as long as there are calls in flight.
final class CallTimeouts {
  private let eventLoop: any EventLoop
  /// Oldest first. Nearly all calls of a service have the same timeout, so that they expire in the order of their start.
  private var calls = CircularBuffer<(call: PendingCall, deadline: UInt64)>()
  private var hasTimer = false

  init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  func add(_ call: PendingCall, after timeout: Duration) {
    let deadline = Deadline(after: timeout, from: Monotonic.now()).nanoseconds
    while let first = calls.first, first.call.isDone { calls.removeFirst() }
    guard calls.last.map({ $0.deadline <= deadline }) ?? true else { return addAlone(call, after: timeout) }
    calls.append((call, deadline))
    if !hasTimer { wait(until: deadline) }
  }

  /// It expires before one that was added earlier.
  private func addAlone(_ call: PendingCall, after timeout: Duration) {
    let handover = Handover(call)
    eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: timeout.nanoseconds))) { handover.value.expire() }
  }

  private func wait(until deadline: UInt64) {
    hasTimer = true
    let handover = Handover(self)
    let now = Monotonic.now()
    let rest = deadline > now ? deadline - now : 0
    eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: rest))) { handover.value.look() }
  }

  private func look() {
    hasTimer = false
    let now = Monotonic.now()
    while let first = calls.first, first.call.isDone || first.deadline <= now {
      calls.removeFirst()
      first.call.expire()
    }
    if let first = calls.first { wait(until: first.deadline) }
  }
}
