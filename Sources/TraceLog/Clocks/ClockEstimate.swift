/// The clocks of several hosts, from the calls between them: of each pair of hosts the bounds that all its calls give,
/// either way, and from pair to pair the way to the reference on which the bounds add up to the least.
package struct ClockEstimate: Sendable {
  private struct Pair: Hashable {
    /// The first one's clock is that on which times are told.
    var first: Int
    var second: Int
  }

  private var hosts: [HostCalls]
  private var pairs: [Pair: ClockBounds] = [:]

  /// - Parameter hosts: how many there are.
  package init(hosts: Int) {
    self.hosts = Array(repeating: HostCalls(), count: hosts)
  }

  /// Takes the next record of a host, in the order of its time.
  package mutating func take(_ record: Record, of host: Int) { hosts[host].take(record) }

  /// Joins calls whose both sides are there by now.
  package mutating func join() {
    for callee in hosts.indices {
      for caller in hosts.indices where caller != callee {
        // Through the smaller of the two.
        let isCalleeSmaller = hosts[callee].answered.count < hosts[caller].made.count
        let spans = isCalleeSmaller ? Array(hosts[callee].answered.keys) : Array(hosts[caller].made.keys)
        for span in spans { join(span, caller, callee) }
      }
    }
  }

  private mutating func join(_ span: UInt64, _ caller: Int, _ callee: Int) {
    guard let made = hosts[caller].made[span], let answered = hosts[callee].answered[span] else { return }
    hosts[caller].forget(span)
    hosts[callee].forget(span)
    add(
      CallTimes(sent: made.from, arrived: answered.from, answered: answered.to, returned: made.to), from: caller,
      to: callee)
  }

  /// Adds a call between two hosts.
  package mutating func add(_ call: CallTimes, from caller: Int, to callee: Int) {
    if caller < callee {
      pairs[Pair(first: caller, second: callee), default: ClockBounds()]
        .add(call.ahead, leastAt: call.returned, mostAt: call.sent)
    } else if callee < caller {
      pairs[Pair(first: callee, second: caller), default: ClockBounds()]
        .add(call.ahead.mirrored, leastAt: call.arrived, mostAt: call.answered)
    }
  }

  /// The hosts' clocks, read on that of one of them.
  /// - Parameter reference: which one.
  /// - Returns: by host; nil where no call leads to the reference.
  package func clocks(readOn reference: Int) -> [HostClock?] {
    var steps: [Int: [(host: Int, clock: HostClock)]] = [:]
    for (pair, bounds) in pairs.sorted(by: { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }) {
      guard let clock = bounds.clock else { continue }
      steps[pair.first, default: []].append((pair.second, clock))
      steps[pair.second, default: []].append((pair.first, clock.inverted))
    }
    var clocks = [HostClock?](repeating: nil, count: hosts.count)
    var reached: [Int: HostClock] = [reference: .same]
    // The nearest comes next (Dijkstra).
    while let nearest = reached.min(by: { ($0.value.bound ?? .max, $0.key) < ($1.value.bound ?? .max, $1.key) }) {
      reached[nearest.key] = nil
      clocks[nearest.key] = nearest.value
      for step in steps[nearest.key] ?? [] where clocks[step.host] == nil {
        let clock = step.clock.read(through: nearest.value, of: nearest.key)
        if reached[step.host].map({ ($0.bound ?? .max) > (clock.bound ?? .max) }) ?? true { reached[step.host] = clock }
      }
    }
    return clocks
  }
}
