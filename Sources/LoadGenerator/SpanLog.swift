import CPlatform
import ChainModel
import TraceLog

/// Writes a client span per request into the shared log, from one loop.
struct SpanLog {
  private let writer: LogWriter?
  private let scribe: Scribe
  private let key: LogWriter.StateKey
  /// By the position of a kind of request.
  private let names: [UInt32]
  private let failures: [LoadFailure: UInt32]
  private let abandoned: UInt32

  /// To be made on the loop's own thread, whose name and id it announces.
  init(writer: LogWriter?, threadName: String, kinds: [LoadPlan.Kind]) {
    let thread = chain_thread_id()
    self.writer = writer
    scribe = writer?.scribeOfLoop(thread: thread) ?? .silent(thread: thread)
    key = "thread \(thread)"
    names = kinds.map { writer?.intern($0.name) ?? 0 }
    failures = Dictionary(
      uniqueKeysWithValues: LoadFailure.allCases.map { ($0, writer?.intern($0.rawValue) ?? 0) })
    abandoned = writer?.intern("cancelled") ?? 0
    writer?.state(
      key,
      Record(
        kind: .threadStart, other: Monotonic.now(), detail: ThreadRole.other.rawValue,
        name: writer?.intern(threadName, as: .identity) ?? 0), by: scribe)
  }

  func start(_ request: LoadRequest) {
    scribe.write(
      Record(
        kind: .spanStart, time: request.sentAt, trace: request.context.trace, span: request.context.span.rawValue,
        detail: SpanKind.client.rawValue, name: names[request.template]))
  }

  func end(_ request: LoadRequest, _ outcome: LoadOutcome, at now: UInt64) {
    switch outcome {
    case .answered(let status): end(request, status: UInt32(status), error: 0, at: now)
    case .failed(let failure): end(request, status: 0, error: failures[failure] ?? 0, at: now)
    }
  }

  /// The run was cancelled before the request had an outcome.
  func abandon(_ request: LoadRequest, at now: UInt64) { end(request, status: 0, error: abandoned, at: now) }

  private func end(_ request: LoadRequest, status: UInt32, error: UInt32, at now: UInt64) {
    scribe.write(
      Record(
        kind: .spanEnd, time: now, trace: request.context.trace, span: request.context.span.rawValue, name: error,
        arg: status))
  }

  /// The thread has nothing more to do.
  func close() {
    guard let writer else { return }
    writer.forget(key)
    scribe.write(Record(kind: .threadStop))
  }
}
