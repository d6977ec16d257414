import ChainModel
import EventLoop
import Glibc

/// Wakes one thread out of whatever it waits for: a sleep, or a socket that it reads.
///
/// A job takes a ticket before it waits; an interruption that comes after the job is done finds the ticket expired.
final class Interrupt: @unchecked Sendable {  // its variables are touched within `condition.withLock` only
  private let condition = Condition()
  private var ticket: UInt64 = 0
  private var interrupted = false
  /// Open sockets: which of them the thread waits on does not matter, an idle one can be made anew.
  private var sockets: Set<Int32> = []

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
      for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
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

  /// The thread has opened a socket on which it may wait.
  /// - Returns: false when the job has been interrupted already and must not wait.
  func opened(_ descriptor: Int32) -> Bool {
    condition.withLock {
      guard !interrupted else { return false }
      sockets.insert(descriptor)
      return true
    }
  }

  /// Closes the socket; under the lock, so that no interruption hits a descriptor that is somebody else's by then.
  func closed(_ descriptor: Int32) -> Int32 {
    condition.withLock {
      sockets.remove(descriptor)
      return close(descriptor)
    }
  }
}
