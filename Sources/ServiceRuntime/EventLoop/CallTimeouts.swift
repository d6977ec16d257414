import ChainModel
import EventLoop

/// Ends the calls of one event loop that take too long, with one timer for all of them: a timer of its own for each would
/// be a twentieth of what a call costs, and to cancel one takes as long as there are calls in flight.
final class CallTimeouts {
  private let eventLoop: EventLoop
  /// The one that expires first is first. Nearly all calls expire in the order of their start, or a little out of it,
  /// where what is left of a request's deadline is less than the timeout.
  private var calls = Ring<(call: PendingCall, deadline: UInt64)>()
  private var timerAt: UInt64?

  /// A call that would have to pass more than so many others gets a timer of its own.
  private static let reach = 64

  init(_ eventLoop: EventLoop) {
    self.eventLoop = eventLoop
  }

  func add(_ call: PendingCall, after timeout: Duration) {
    let deadline = Deadline(after: timeout, from: Monotonic.now()).nanoseconds
    while let first = calls.first, first.call.isDone { calls.removeFirst() }
    let far = calls.count > Self.reach ? calls[calls.count - Self.reach].deadline : 0
    guard deadline >= far else {
      eventLoop.schedule(at: deadline) { call.expire() }
      return
    }
    calls.append((call, deadline))
    var place = calls.count - 1
    while place > 0, calls[place - 1].deadline > deadline {
      calls.swapAt(place - 1, place)
      place -= 1
    }
    if place == 0 { wait(until: deadline) }
  }

  private func wait(until deadline: UInt64) {
    if let timerAt, timerAt <= deadline { return }
    timerAt = deadline
    eventLoop.schedule(at: deadline) { [weak self] in self?.look(deadline) }
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
