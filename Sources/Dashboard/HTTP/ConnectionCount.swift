import Synchronization

/// How many connections are open, so that there are never too many for the page's memory and descriptors.
final class ConnectionCount: Sendable {
  private let open = Atomic(0)

  /// - Returns: false if there are as many as there may be; it counts all the same, until it is removed.
  func add(limit: Int) -> Bool { open.wrappingAdd(1, ordering: .relaxed).newValue <= limit }

  func remove() { open.wrappingSubtract(1, ordering: .relaxed) }
}
