package import ChainModel

/// The threads of one role of a process, and the requests that wait for one of them.
package struct PoolReplay: Hashable, Sendable {
  /// The roles that take work from a queue.
  package static let roles: [ThreadRole] = [.worker, .hired, .store]

  package let role: ThreadRole
  /// As many as the service says; nil where it does not, or where it speaks of other threads.
  package internal(set) var configured: Int?
  package private(set) var alive = 0
  package private(set) var busy = 0
  package private(set) var blocked = 0
  package private(set) var queued = 0

  package var load: PoolLoad {
    PoolLoad(threads: PoolLoad.threads(configured: configured, alive: alive), busy: busy, queued: queued)
  }

  init(role: ThreadRole) { self.role = role }

  /// What one thread and one request add to a pool.
  struct Share: Equatable {
    var role: ThreadRole
    var alive = 0
    var busy = 0
    var blocked = 0
    var queued = 0
  }

  mutating func add(_ share: Share, times sign: Int) {
    alive += sign * share.alive
    busy += sign * share.busy
    blocked += sign * share.blocked
    queued += sign * share.queued
  }

  /// Nothing is left of it.
  mutating func clear() { (alive, busy, blocked, queued) = (0, 0, 0, 0) }
}

extension ProcessReplay {
  /// What the things that a record may change add to the process's counts.
  struct Shares: Equatable {
    var thread: PoolReplay.Share?
    var other: PoolReplay.Share?
    var request: PoolReplay.Share?
    var isSuspended: Bool
  }

  func shares(_ record: Record, _ other: UInt32?) -> Shares {
    let queuedFor = requests[record.span]?.queuedFor
    return Shares(
      thread: share(record.thread), other: other.flatMap { share($0) },
      request: queuedFor.map { PoolReplay.Share(role: $0, queued: 1) },
      isSuspended: requests[record.span]?.phase == .suspended)
  }

  private func share(_ tid: UInt32) -> PoolReplay.Share? {
    guard let thread = threads[tid], thread.isAnnounced else { return nil }
    let isBlocked = !thread.waits.isEmpty
    let isBusy = isBlocked || thread.work != nil || !thread.runnable.isEmpty
    return PoolReplay.Share(role: thread.role, alive: 1, busy: isBusy ? 1 : 0, blocked: isBlocked ? 1 : 0)
  }

  mutating func count(_ shares: Shares, times sign: Int) {
    for share in [shares.thread, shares.other, shares.request] {
      guard let share, let place = PoolReplay.roles.firstIndex(of: share.role) else { continue }
      pools[place].add(share, times: sign)
    }
    if shares.isSuspended { suspended += sign }
  }
}
