package import ChainModel
import TraceLog

/// What a log must hold to, whatever happened in the run.
package enum Invariant: String, CaseIterable, Encodable, Sendable {
  /// Every record is well formed.
  case format
  /// For each thread, idle + running + blocked (by cause) = its lifetime. Ready is part of running: see `ThreadTimes`.
  case threadTime = "I1"
  /// A thread is in one state at a time; waits on one thread never overlap.
  case oneState = "I2"
  /// For each request, queue wait + service time = response time.
  case requestTime = "I3"
  /// A span's waits lie inside it.
  case nesting = "I4"
  /// No call is made to a callee while its breaker is open.
  case openBreaker = "I6"
  /// No callee begins before its call, on whatever host: what is earlier by no more than the bound of their clocks is not
  /// taken for that.
  case callOrder = "I7"

  package var statement: String {
    switch self {
    case .format: "every record is well formed"
    case .threadTime: "idle + running + blocked = lifetime, for each thread"
    case .oneState: "a thread is in one state at a time"
    case .requestTime: "queue wait + service time = response time, for each request"
    case .nesting: "a span's waits lie inside it"
    case .openBreaker: "no call is made while its breaker is open"
    case .callOrder: "no request arrives before its call, whatever the host"
    }
  }
}

/// A record that breaks an invariant, in a part of the log that is complete.
///
/// Keys: `invariant`, `time_ns` (from the run's start), `service`, `pid`, `tid`, `span_id`, `trace_id`, `what`.
package struct Violation: Encodable, Hashable, Sendable, CustomStringConvertible {
  package var invariant: Invariant
  package var time: UInt64
  package var service: String
  package var pid: UInt32
  package var tid: UInt32
  package var span: SpanID?
  package var trace: TraceID?
  package var what: String

  package var description: String {
    let ids = [span.map { "span \($0.hex)" }, trace.map { "trace \($0.hex)" }].compactMap { $0 }
    let place = (["\(service) (pid \(pid)) thread \(tid)"] + ids).joined(separator: ", ")
    return "\(invariant.rawValue)  \(FigureText.moment(time, decimals: 9))  \(place): \(what)"
  }

  private enum CodingKeys: String, CodingKey {
    case invariant, service, pid, tid, what
    case time = "time_ns"
    case span = "span_id"
    case trace = "trace_id"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(invariant, forKey: .invariant)
    try keys.encode(time, forKey: .time)
    try keys.encode(service, forKey: .service)
    try keys.encode(pid, forKey: .pid)
    try keys.encode(tid, forKey: .tid)
    try keys.encodeIfPresent(span?.hex, forKey: .span)
    try keys.encodeIfPresent(trace?.hex, forKey: .trace)
    try keys.encode(what, forKey: .what)
  }
}

extension Misfit.Kind {
  /// The invariant that a record of this sort breaks.
  var invariant: Invariant {
    switch self {
    case .unknownKind, .unknownDetail, .badAttribute, .tooMany, .afterStop: .format
    case .timeBackwards, .threadNotStarted, .threadRestarted: .threadTime
    case .threadBusy, .threadIdle, .overlappingWait, .duplicateWait: .oneState
    case .duplicateRequest, .unknownRequest, .afterEnd, .wrongPhase, .wrongThread: .requestTime
    case .unknownWait, .openAtEnd, .duplicateSpan, .unknownSpan: .nesting
    }
  }
}
