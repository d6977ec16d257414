package import ChainModel

/// A thread's part in a trace.
///
/// Keys: `service`, `thread`, `running_ns`, `blocked_ns`, `slices` (each with `state`, which is `running` or `blocked`,
/// `start_ns` from the run's start, `duration_ns`, and of a blocked one `cause` and `target`).
package struct ThreadLane: Encodable, Hashable, Sendable {
  package struct Slice: Encodable, Hashable, Sendable {
    package var start: UInt64
    package var duration: UInt64
    /// What held the thread; nil while it ran.
    package var cause: WaitCause?
    package var target: String?

    private enum CodingKeys: String, CodingKey {
      case state, cause, target
      case start = "start_ns"
      case duration = "duration_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(cause == nil ? "running" : "blocked", forKey: .state)
      try keys.encode(start, forKey: .start)
      try keys.encode(duration, forKey: .duration)
      try keys.encodeIfPresent(cause?.name, forKey: .cause)
      try keys.encodeIfPresent(target, forKey: .target)
    }
  }

  package var service: String
  package var thread: String
  package var slices: [Slice]

  package var running: UInt64 { slices.reduce(0) { $1.cause == nil ? $0 &+ $1.duration : $0 } }
  package var blocked: UInt64 { slices.reduce(0) { $1.cause == nil ? $0 : $0 &+ $1.duration } }

  private enum CodingKeys: String, CodingKey {
    case service, thread, slices
    case running = "running_ns"
    case blocked = "blocked_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(thread, forKey: .thread)
    try keys.encode(running, forKey: .running)
    try keys.encode(blocked, forKey: .blocked)
    try keys.encode(slices, forKey: .slices)
  }
}
