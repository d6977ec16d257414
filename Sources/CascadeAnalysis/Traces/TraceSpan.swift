package import ChainModel
package import TraceLog

/// A span of a trace, with where its time went.
///
/// Keys: `service`, `span_id`, `parent_span_id`, `kind`, `name`, `thread`, `model`, `start_ns` (from the run's start),
/// `duration_ns`, `state` (ended, open, died), `status`, `error_type`, `attempt`, `follows` (true: its parent did not wait
/// for it), `moved_ns` (what was added to the recorded times), `loop_busy_ns` (how long it lay unread before its start,
/// since the loop of its service did not turn: at most, where nothing says when it was sent), `segments`; of a run over
/// several hosts also `on_host`, and where its parent is on another one `clock_bound_ns` (how far its times may be wrong
/// against those of its parent; absent where it is not known).
package struct TraceSpan: Encodable, Hashable, Sendable {
  package enum State: String, Encodable, Sendable {
    case ended
    /// It has not ended yet.
    case open
    /// Its process died before it ended.
    case died
  }

  /// A part of a span. Keys: `phase`, `start_ns`, `duration_ns`, and of a wait `cause`, `target`; of a call's wait also
  /// `peer_span_id`.
  package struct Segment: Encodable, Hashable, Sendable {
    package enum Phase: String, Encodable, Sendable {
      case queue
      case run
      case wait
    }

    package var phase: Phase
    /// From the run's start.
    package var start: UInt64
    package var duration: UInt64
    package var cause: WaitCause?
    package var target: String?
    /// The client span of the call that is waited for.
    package var peer: SpanID?

    private enum CodingKeys: String, CodingKey {
      case phase, cause, target
      case peer = "peer_span_id"
      case start = "start_ns"
      case duration = "duration_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(phase, forKey: .phase)
      try keys.encode(start, forKey: .start)
      try keys.encode(duration, forKey: .duration)
      try keys.encodeIfPresent(cause?.name, forKey: .cause)
      try keys.encodeIfPresent(target, forKey: .target)
      try keys.encodeIfPresent(peer?.hex, forKey: .peer)
    }
  }

  package var service: String
  package var id: SpanID
  package var parent: SpanID
  package var kind: SpanKind
  package var name: String
  package var thread: String?
  package var model: IOModel?
  package var start: UInt64
  package var duration: UInt64
  package var state: State
  package var status: UInt32?
  package var errorType: String?
  package var attempt: UInt32
  /// Its parent began it and did not wait for it.
  package var follows = false
  /// What an import has added to its recorded times, since calls contradict them.
  package var moved: Int64 = 0
  /// How long it lay unread, since its event loop did not turn; if its sending is not known, at most.
  package var unread: UInt64 = 0
  package var isSendKnown = true
  /// The host whose clock its times are of; nil on one host.
  package var host: String?
  /// Its parent is on another host.
  package var isAcrossHosts = false
  /// How far its times may be wrong against those of its parent on another host; nil where it is not known.
  package var clockBound: UInt64?
  /// From its parent's start to its own, in nanoseconds, where its parent is on another host.
  package var sinceSent: Int64 = 0
  /// Of a server span: queue, then run with the waits in it, which may overlap one another.
  package var segments: [Segment]

  private enum CodingKeys: String, CodingKey {
    case service, kind, name, thread, model, state, status, attempt, segments, follows
    case moved = "moved_ns"
    case unread = "loop_busy_ns"
    case host = "on_host"
    case clockBound = "clock_bound_ns"
    case id = "span_id"
    case parent = "parent_span_id"
    case start = "start_ns"
    case duration = "duration_ns"
    case errorType = "error_type"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(id.hex, forKey: .id)
    if parent != .none { try keys.encode(parent.hex, forKey: .parent) }
    try keys.encode("\(kind)", forKey: .kind)
    try keys.encode(name, forKey: .name)
    try keys.encodeIfPresent(thread, forKey: .thread)
    try keys.encodeIfPresent(model?.rawValue, forKey: .model)
    try keys.encode(start, forKey: .start)
    try keys.encode(duration, forKey: .duration)
    try keys.encode(state, forKey: .state)
    try keys.encodeIfPresent(status, forKey: .status)
    try keys.encodeIfPresent(errorType, forKey: .errorType)
    if attempt > 1 { try keys.encode(attempt, forKey: .attempt) }
    if follows { try keys.encode(true, forKey: .follows) }
    if moved != 0 { try keys.encode(moved, forKey: .moved) }
    if unread != 0 { try keys.encode(unread, forKey: .unread) }
    try keys.encodeIfPresent(host, forKey: .host)
    try keys.encodeIfPresent(clockBound, forKey: .clockBound)
    try keys.encode(segments, forKey: .segments)
  }
}
