import ChainModel
import Glibc

/// Wakes one thread out of whatever it waits for: a sleep, or a socket that it reads.
///
/// A job takes a ticket before it waits; an interruption that comes after the job is done finds the ticket expired.
final class Interrupt: @unchecked Sendable {  // its variables are touched within `condition.withLock` only
  private let condition = Condition()
  private var ticket: UInt64 = 0
  private var interrupted = false
  private var socket: Int32 = -1

  /// A new job begins on the thread.
  func nextTicket() -> UInt64 {
    condition.withLock {
      ticket &+= 1
      interrupted = false
      return ticket
    }
  }

  /// From any thread: ends the waiting of the job with this ticket.
  func interrupt(_ ticket: UInt64) {
    condition.withLock {
      guard ticket == self.ticket else { return }
      interrupted = true
      if socket >= 0 { shutdown(socket, Int32(SHUT_RDWR)) }
      condition.broadcast()
    }
  }

  var isInterrupted: Bool { condition.withLock { interrupted } }

  /// Sleeps in the kernel until the moment, an interruption, or `wake`.
  /// - Parameters:
  ///   - moment: in `Monotonic` nanoseconds.
  ///   - goesOn: asked at every wake-up; false ends the sleep.
  /// - Returns: false when it was interrupted.
  func sleep(until moment: UInt64, while goesOn: () -> Bool = { true }) -> Bool {
    condition.withLock {
      while !interrupted, goesOn(), Monotonic.now() < moment {
        _ = condition.wait(until: moment)
      }
      return !interrupted
    }
  }

  /// Makes a sleeping thread look at its condition again.
  func wake() {
    condition.withLock { condition.broadcast() }
  }

  /// The thread has opened the socket on which it will wait.
  func opened(_ descriptor: Int32) {
    condition.withLock { socket = descriptor }
  }

  /// Closes the socket; under the lock, so that no interruption hits a descriptor that is somebody else's by then.
  func closed(_ descriptor: Int32) -> Int32 {
    condition.withLock {
      if socket == descriptor { socket = -1 }
      return close(descriptor)
    }
  }
}
