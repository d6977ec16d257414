/// The spans that ended last, so that what comes late (a callee's request whose caller has given up) can be told from
/// what has no beginning. Holds a fixed number, oldest out.
struct RecentSpans: Sendable {
  static let capacity = 65_536

  private var ring: [UInt64] = []
  private var oldest = 0
  private var members: Set<UInt64> = []

  func contains(_ span: UInt64) -> Bool { members.contains(span) }

  mutating func insert(_ span: UInt64) {
    guard members.insert(span).inserted else { return }
    guard ring.count == Self.capacity else { return ring.append(span) }
    members.remove(ring[oldest])
    ring[oldest] = span
    oldest = (oldest + 1) % Self.capacity
  }
}
