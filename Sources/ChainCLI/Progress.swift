import ChainModel
import Synchronization

/// Says on standard error how far something is that takes long, every two seconds at most.
final class Progress: Sendable {
  private static let period: UInt64 = 2_000_000_000
  private let saidAt = Mutex(Monotonic.now())

  func note(_ text: @autoclosure () -> String) {
    let now = Monotonic.now()
    let isDue = saidAt.withLock { saidAt in
      guard now &- saidAt >= Self.period else { return false }
      saidAt = now
      return true
    }
    if isDue { Output.note(text()) }
  }
}
