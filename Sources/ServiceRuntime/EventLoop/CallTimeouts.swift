import ChainModel
import NIOCore

/// Ends the calls of one event loop that take too long, with one timer for all of them: a timer of its own for each would
/// be a twentieth of what a call costs, and to cancel one takes as long as there are calls in flight.
final class CallTimeouts {
  private let eventLoop: any EventLoop
  /// The one that expires first is first. Nearly all calls expire in the order of their start, or a little out of it,
  /// where what is left of a request's deadline is less than the timeout.
  private var calls = CircularBuffer<(call: PendingCall, deadline: UInt64)>()
  private var timerAt: UInt64?

  /// A call that would have to pass more than so many others gets a timer of its own.
  private static let reach = 64

  init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  func add(_ call: PendingCall, after timeout: Duration) {
    let deadline = Deadline(after: timeout, from: Monotonic.now()).nanoseconds
    while let first = calls.first, first.call.isDone { calls.removeFirst() }
    let far = calls.count > Self.reach ? calls[calls.index(calls.endIndex, offsetBy: -Self.reach)].deadline : 0
    guard deadline >= far else { return addAlone(call, after: timeout) }
    calls.append((call, deadline))
    var place = calls.index(before: calls.endIndex)
    while place != calls.startIndex, calls[calls.index(before: place)].deadline > deadline {
      calls.swapAt(calls.index(before: place), place)
      place = calls.index(before: place)
    }
    if place == calls.startIndex { wait(until: deadline) }
  }

  private func addAlone(_ call: PendingCall, after timeout: Duration) {
    let handover = Handover(call)
    eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: timeout.nanoseconds))) { handover.value.expire() }
  }

  private func wait(until deadline: UInt64) {
    if let timerAt, timerAt <= deadline { return }
    timerAt = deadline
    let handover = Handover(self)
    let now = Monotonic.now()
    eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: deadline > now ? deadline - now : 0))) {
      handover.value.look(deadline)
    }
  }

  /// - Parameter deadline: of the timer; one that an earlier one has replaced does nothing.
  private func look(_ deadline: UInt64) {
    guard timerAt == deadline else { return }
    timerAt = nil
    let now = Monotonic.now()
    while let first = calls.first, first.call.isDone || first.deadline <= now {
      calls.removeFirst()
      first.call.expire()
    }
    if let first = calls.first { wait(until: first.deadline) }
  }
}
