package import ChainModel

/// One link of a wait chain. Absent keys mean that there is nothing to say.
///
/// | key | meaning |
/// |---|---|
/// | `service` | where this link is |
/// | `state` | see `State` |
/// | `died_while` | the state at the process's death, if `state` is `died` |
/// | `uncertain` | true if the log has lost records since the state began, so that it may have ended unseen |
/// | `thread`, `tid`, `role` | the thread; absent where none is held |
/// | `since_ns`, `duration_ns` | when that state began, from the run's start; how long it has lasted |
/// | `cause`, `target` | of a wait: why, and whom or what for; of a running helper thread: what it does |
/// | `callee`, `peer_span_id` | of a call: the service called, and the client span that is the parent of its request |
/// | `trace_id`, `span_id`, `model`, `request` | the request it is about: its server span, IO model and request line |
package struct WaitHop: Encodable, Hashable, Sendable {
  package enum State: String, Encodable, Sendable {
    case idle
    case running
    case blocked
    /// A request that waits and holds no thread.
    case suspended
    /// A request that no thread has started yet.
    case queued
    /// A call whose request the callee has not read yet, or has answered already.
    case inTransit = "in_transit"
    /// Called, and not of the lab: what it does is not in the log.
    case elsewhere
    /// A thread or request of a process that is dead.
    case died
    /// The chain comes back to a link that it has passed, or does not end.
    case cycle
  }

  package var service: String
  package var state: State
  package var diedWhile: State?
  package var thread: String?
  package var tid: UInt32?
  package var role: ThreadRole?
  package var since: UInt64?
  package var duration: UInt64?
  package var cause: WaitCause?
  package var target: String?
  package var peerSpan: SpanID?
  package var trace: TraceID?
  package var span: SpanID?
  package var model: IOModel?
  package var request: String?
  package var isUncertain = false

  init(service: String, state: State, thread: String? = nil, tid: UInt32? = nil) {
    self.service = service
    self.state = state
    self.thread = thread
    self.tid = tid
  }

  /// The service that it calls.
  package var callee: String? { cause == .call ? target : nil }

  private enum CodingKeys: String, CodingKey {
    case service, state, thread, tid, role, cause, target, callee, model, request
    case diedWhile = "died_while"
    case isUncertain = "uncertain"
    case since = "since_ns"
    case duration = "duration_ns"
    case peerSpan = "peer_span_id"
    case trace = "trace_id"
    case span = "span_id"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(state, forKey: .state)
    try keys.encodeIfPresent(diedWhile, forKey: .diedWhile)
    if isUncertain { try keys.encode(true, forKey: .isUncertain) }
    try keys.encodeIfPresent(thread, forKey: .thread)
    try keys.encodeIfPresent(tid, forKey: .tid)
    try keys.encodeIfPresent(role?.name, forKey: .role)
    try keys.encodeIfPresent(since, forKey: .since)
    try keys.encodeIfPresent(duration, forKey: .duration)
    try keys.encodeIfPresent(cause?.name, forKey: .cause)
    try keys.encodeIfPresent(target, forKey: .target)
    try keys.encodeIfPresent(callee, forKey: .callee)
    try keys.encodeIfPresent(peerSpan?.hex, forKey: .peerSpan)
    try keys.encodeIfPresent(trace?.hex, forKey: .trace)
    try keys.encodeIfPresent(span?.hex, forKey: .span)
    try keys.encodeIfPresent(model?.rawValue, forKey: .model)
    try keys.encodeIfPresent(request, forKey: .request)
  }
}
