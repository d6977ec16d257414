import ChainModel

/// One of the hosts of a run, as its merged log has it.
///
/// Keys: `name`, `clock_offset_ns` (how far its clock is ahead of the reference's), `clock_rate_ppm` (how much faster it
/// runs), `clock_bound_ns` (the truth is no further away; absent where no call tells, and the clock was placed by its wall
/// clock), `calls` (that tell), `uneven` (true: they contradict clocks that run evenly), `silent_ns` (for how long nothing
/// has come from it).
package struct LogHost: Hashable, Sendable, Encodable {
  package var name: String
  /// Without a bound, no call tells: then its times are placed by its wall clock.
  package var clock: HostClock
  /// For how many nanoseconds nothing has come from it though its run goes on; 0: it is heard.
  package var silence: UInt64

  package init(name: String, clock: HostClock, silence: UInt64 = 0) {
    (self.name, self.clock, self.silence) = (name, clock, silence)
  }

  package var isClockKnown: Bool { clock.bound != nil }

  /// `green  clock +5.000368 s ± 577 µs, 0.3 ppm (3,600 calls)`.
  package var text: String {
    guard clock != .same else { return "\(PlainText.clean(name))  the clock that all times are told on" }
    let calls = clock.calls == 0 ? "" : " (\(FigureText.count(clock.calls, "call")))"
    let heard = silence == 0 ? "" : ", silent for \(FigureText.duration(silence))"
    return "\(PlainText.clean(name))  clock \(clock.text)\(calls)\(heard)"
  }

  private enum CodingKeys: String, CodingKey {
    case name, calls, uneven
    case offset = "clock_offset_ns"
    case rate = "clock_rate_ppm"
    case bound = "clock_bound_ns"
    case silence = "silent_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(PlainText.clean(name), forKey: .name)
    try keys.encode(clock.offset, forKey: .offset)
    try keys.encode(clock.rate, forKey: .rate)
    try keys.encodeIfPresent(clock.bound, forKey: .bound)
    try keys.encode(clock.calls, forKey: .calls)
    if clock.isUneven { try keys.encode(true, forKey: .uneven) }
    if silence > 0 { try keys.encode(silence, forKey: .silence) }
  }
}

extension LogSnapshot {
  /// The host of a process; nil on one host.
  package func host(of process: UInt16) -> LogHost? { hostNumber(of: process).map { hosts[$0] } }

  /// How far times of two processes may be wrong against one another, in nanoseconds. Nil on one host, whose clock is the
  /// same for all, and where the clock of one of them is not known.
  package func clockBound(_ left: UInt16, _ right: UInt16) -> UInt64? {
    guard areApart(left, right), let left = hostNumber(of: left), let right = hostNumber(of: right),
      let bound = hosts[left].clock.bound, let other = hosts[right].clock.bound
    else { return nil }
    // The part of the way that both have in common makes both wrong alike.
    let way = way(from: left)
    let shared = self.way(from: right).first { way.contains($0) }.flatMap { hosts[$0].clock.bound } ?? 0
    return (bound &- shared) &+ (other &- shared)
  }

  /// The hosts through which one's clock is read, itself first.
  private func way(from host: Int) -> [Int] {
    var way = [host]
    while let next = hosts[way[way.count - 1]].clock.via, hosts.indices.contains(next), way.count <= hosts.count {
      way.append(next)
    }
    return way
  }

  /// Whether two processes are on different hosts.
  package func areApart(_ left: UInt16, _ right: UInt16) -> Bool {
    guard hosts.count > 1, let left = hostNumber(of: left), let right = hostNumber(of: right) else { return false }
    return left != right
  }

  private func hostNumber(of process: UInt16) -> Int? {
    guard !hosts.isEmpty, let host = self.process(in: process)?.host, hosts.indices.contains(host) else { return nil }
    return host
  }
}
