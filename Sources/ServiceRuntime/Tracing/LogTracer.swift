import CPlatform
import ChainModel
import Synchronization
package import TraceLog
package import Tracing

/// A swift-distributed-tracing `Tracer` that writes into the shared log, for spans that handlers and libraries open with
/// `withSpan`. The runtime's own hot path writes its records directly.
package struct LogTracer: Tracer {
  package typealias Span = LogSpan

  private let log: LogWriter?
  private let ids = IDSource()

  /// - Parameter log: where spans go; without one they only carry context.
  package init(log: LogWriter?) {
    self.log = log
  }

  package func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: Tracing.SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> LogSpan {
    var context = context()
    let parent = context.traceContext
    var own = parent ?? TraceContext(trace: ids.nextTrace(), span: .none, random: true)
    own.span = ids.nextSpan()
    context.traceContext = own
    let scribe = log?.scribe(thread: chain_thread_id()) ?? .silent(thread: 0)
    scribe.write(
      Record(
        kind: .spanStart, trace: own.trace, span: own.span.rawValue, other: parent?.span.rawValue ?? 0,
        detail: kind.code, name: log?.intern(operationName) ?? 0))
    return LogSpan(operationName: operationName, context: context, log: log)
  }

  package func activeSpan(identifiedBy context: ServiceContext) -> LogSpan? { nil }

  package func forceFlush() {}

  package func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    let parents = extractor.extract(key: TraceContext.parentHeader, from: carrier).map { [$0] } ?? []
    let states = extractor.extract(key: TraceContext.stateHeader, from: carrier).map { [$0] } ?? []
    context.traceContext = TraceContext(parents: parents, states: states)
  }

  package func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard let trace = context.traceContext else { return }
    injector.inject(trace.parent, forKey: TraceContext.parentHeader, into: &carrier)
    if !trace.state.isEmpty { injector.inject(trace.state, forKey: TraceContext.stateHeader, into: &carrier) }
  }
}

/// Ids for spans begun on any thread.
private final class IDSource: Sendable {
  private let ids = Mutex(IDGenerator())

  func nextSpan() -> SpanID { ids.withLock { $0.nextSpan() } }

  func nextTrace() -> TraceID { ids.withLock { $0.nextTrace() } }
}

/// A span in the shared log. Its end carries its error's type; attributes that the log has no room for are not kept.
package final class LogSpan: Span {
  package let context: ServiceContext
  private let log: LogWriter?
  private let state: Mutex<State>

  private struct State {
    var operationName: String
    var attributes: SpanAttributes = [:]
    var error: String?
    var isRecording: Bool
  }

  init(operationName: String, context: ServiceContext, log: LogWriter?) {
    self.context = context
    self.log = log
    state = Mutex(State(operationName: operationName, isRecording: log != nil))
  }

  package var operationName: String {
    get { state.withLock { $0.operationName } }
    set { state.withLock { $0.operationName = newValue } }
  }

  package var attributes: SpanAttributes {
    get { state.withLock { $0.attributes } }
    set { state.withLock { $0.attributes = newValue } }
  }

  package var isRecording: Bool { state.withLock { $0.isRecording } }

  package func setStatus(_ status: SpanStatus) {
    guard status.code == .error else { return }
    state.withLock { $0.error = $0.error ?? "error" }
  }

  package func addEvent(_ event: SpanEvent) {}

  package func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    let type = (error as? CallError)?.row.errorType ?? "\(type(of: error))"
    state.withLock { $0.error = type }
  }

  package func addLink(_ link: SpanLink) {}

  package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    let (ended, error) = state.withLock { state in
      defer { state.isRecording = false }
      return (state.isRecording, state.error)
    }
    guard ended, let log, let own = context.traceContext else { return }
    log.scribe(thread: chain_thread_id()).write(
      Record(
        kind: .spanEnd, trace: own.trace, span: own.span.rawValue, name: error.map { log.intern($0) } ?? 0))
  }
}

extension ServiceContext {
  private enum Key: ServiceContextKey {
    typealias Value = TraceContext
    static let nameOverride: String? = "chainlab-trace"
  }

  /// The trace and span that this context stands in.
  var traceContext: TraceContext? {
    get { self[Key.self] }
    set { self[Key.self] = newValue }
  }
}

extension Tracing.SpanKind {
  fileprivate var code: UInt8 {
    switch self {
    case .internal: TraceLog.SpanKind.internal.rawValue
    case .server: TraceLog.SpanKind.server.rawValue
    case .client: TraceLog.SpanKind.client.rawValue
    case .producer: TraceLog.SpanKind.producer.rawValue
    case .consumer: TraceLog.SpanKind.consumer.rawValue
    @unknown default: TraceLog.SpanKind.internal.rawValue
    }
  }
}

extension RequestReading {
  /// The request's place in its trace, to be handed to `withSpan(_:context:)` explicitly: task locals do not reach plain
  /// threads.
  package var serviceContext: ServiceContext {
    var context = ServiceContext.topLevel
    context.traceContext = trace
    return context
  }
}
