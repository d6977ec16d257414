import ChainModel

/// What a supervisor does about its run's folder, which anybody may remove at any time.
package struct FolderWatch: Hashable, Sendable {
  package enum Step: Hashable, Sendable {
    /// It is there.
    case write
    /// It is not, and whoever removes it may still be at it.
    case wait
    case restore
  }

  /// How often it is looked at.
  package static let every = Duration.seconds(1)
  /// So many looks in a row must have missed the root until the chain is given up: nobody can reach it any more.
  private static let patience = 3

  private var missed = 0
  private var nextLook: UInt64 = 0

  package init() {}

  /// Whether the root is gone as well.
  package private(set) var isLost = false

  /// - Parameters:
  ///   - now: in `Monotonic` nanoseconds.
  ///   - isGone: whether the run's folder is gone.
  ///   - isRootGone: whether the root that it was in is, too.
  /// - Returns: what is to be done.
  package mutating func look(
    at now: UInt64, isGone: @autoclosure () -> Bool, isRootGone: @autoclosure () -> Bool
  ) -> Step {
    guard now >= nextLook else { return missed == 0 ? .write : .wait }
    nextLook = now &+ Self.every.nanoseconds
    guard isGone() else {
      missed = 0
      return .write
    }
    missed += 1
    guard isRootGone() else { return missed > 1 ? .restore : .wait }
    isLost = missed >= Self.patience
    return .wait
  }
}
