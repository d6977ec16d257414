package import ChainModel

/// A wait that has begun and not ended.
package struct OpenWait: Hashable, Sendable {
  /// The wait's id; that of a call is its client span, and the callee's request has it as parent.
  package var id: UInt64
  package var cause: WaitCause
  /// Whom or what for, as an id of `LogStrings`; of a call: the callee.
  package var target: UInt32
  package var flags: WaitFlags
  /// The span that waits.
  package var span: UInt64
  package var trace: TraceID?
  /// The thread that it holds, or that its request has left.
  package var thread: UInt32
  package var since: UInt64

  init(_ record: Record) {
    id = record.other
    thread = record.thread
    cause = WaitCause(rawValue: record.detail) ?? .other
    target = record.name
    flags = record.waitFlags
    span = record.span
    trace = record.trace
    since = record.time
  }
}

/// A client or internal span that has begun and not ended. Server spans are requests.
package struct OpenSpan: Hashable, Sendable {
  package var id: UInt64
  package var process: UInt16
  package var parent: UInt64
  package var trace: TraceID?
  package var name: UInt32
  /// Nil for a kind that this version does not know.
  package var kind: SpanKind?
  package var attempt: UInt32
  package var startedAt: UInt64

  init(_ record: Record) {
    id = record.span
    process = record.process
    parent = record.other
    trace = record.trace
    name = record.name
    kind = SpanKind(rawValue: record.detail)
    attempt = record.arg
    startedAt = record.time
  }
}
