package import ChainModel

/// What a thread, or several of one role, did within the window, in thread-nanoseconds.
///
/// Keys: `service`, `role`, `threads` (how many there were), `lifetime_ns`, `idle_ns`, `running_ns`, `blocked_ns`
/// (by cause). C1: the last three add up to the lifetime, exactly. Threads that were ready but had no processor count as
/// running: records cannot tell the two apart.
package struct ThreadAccount: Hashable, Sendable {
  /// Nanoseconds by state: 0 idle, 1 running, then 1 + the cause's number.
  struct Times: Hashable, Sendable {
    private(set) var states = Array(repeating: UInt64(0), count: 16)

    var total: UInt64 { states.reduce(0, &+) }

    mutating func add(_ other: Times) {
      for state in states.indices { states[state] &+= other.states[state] }
    }

    mutating func add(_ time: UInt64, to state: UInt8) { states[Int(state & 15)] &+= time }
  }

  package var service: String
  package var role: ThreadRole
  package var threads: Int
  package var lifetime: UInt64
  var times: Times

  package var idle: UInt64 { times.states[0] }
  package var running: UInt64 { times.states[1] }
  package var blockedTotal: UInt64 { WaitCause.allCases.reduce(0) { $0 &+ blocked($1) } }
  package func blocked(_ cause: WaitCause) -> UInt64 { times.states[1 + Int(cause.rawValue)] }

  mutating func add(_ other: ThreadAccount) {
    threads += other.threads
    lifetime &+= other.lifetime
    times.add(other.times)
  }
}
