import ChainModel
import TraceLog

/// A window that begins again, for a log that is followed as it grows.
extension CascadeFold {
  /// Forgets what was counted up to now and goes on counting from here; who waits for whom stays known.
  package mutating func beginWindow() {
    now = min(max(time, options.from), options.to)
    forest.now = now
    options.from = now
    firstRecordAt = now
    records = 0
    forest.resetSums()
    for number in services.indices {
      var fresh = FoldService(name: services[number].name)
      fresh.model = services[number].model
      fresh.faults = services[number].faults
      services[number] = fresh
    }
    for route in routes.indices {
      var fresh = FoldRoute(service: routes[route].service, name: routes[route].name)
      fresh.hasEnded = routes[route].hasEnded
      fresh.hasWaited = routes[route].hasWaited
      routes[route] = fresh
    }
    for pool in pools.indices { pools[pool].restart(now) }
    for place in loops.indices { loops[place]?.restart(now) }
    for place in threads.indices where threads[place].isAlive {
      threads[place].times = ThreadAccount.Times()
      threads[place].seenAt = now
    }
    retiredLoops = []
    waiting.resetSums(now: now)
    holds.resetSums(now: now)
    calls = Array(repeating: 0, count: calls.count)
    accounts = [:]
    (unbalanced, lifetimes, intervalCount, lateEvents) = (0, 0, 0, 0)
    (intervals, inside, chains, events) = ([], [:], [:], [])
    for pool in pools.indices where pools[pool].tracker.isSaturated { open(pool) }
  }

  /// The report so far; the fold itself goes on.
  package func interimReport(_ frame: Frame) -> CascadeReport {
    var copy = self
    return copy.report(frame)
  }
}
