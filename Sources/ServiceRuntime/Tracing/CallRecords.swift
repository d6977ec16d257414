import ChainModel
import TraceLog

/// What the log says of one call, and what the call says to its callee: the same in every IO model.
struct CallRecords {
  let exchange: Exchange
  let callee: ServiceName
  let span: SpanID

  func start(by scribe: Scribe) {
    scribe.write(
      Record(
        kind: .spanStart, trace: exchange.context.trace, span: span.rawValue, other: exchange.context.span.rawValue,
        detail: SpanKind.client.rawValue, name: exchange.core.names.call(callee), arg: 1))
  }

  func end(_ result: Result<Void, CallError>, by scribe: Scribe) {
    var record = Record(kind: .spanEnd, trace: exchange.context.trace, span: span.rawValue)
    switch result {
    case .success: record.arg = 200
    case .failure(let error):
      if case .answered(_, let status) = error { record.arg = UInt32(status) }
      record.name = exchange.core.names.id(error.row.errorType)
    }
    scribe.write(record)
  }

  /// The headers that every call carries: trace context, and how long the caller will wait.
  static func headers(exchange: Exchange, span: SpanID, timeout: Duration) -> [(String, String)] {
    var context = exchange.context
    context.span = span
    var headers = [(TraceContext.parentHeader, context.parent)]
    if !context.state.isEmpty { headers.append((TraceContext.stateHeader, context.state)) }
    headers.append((Deadline.header, String(max(1, timeout.milliseconds))))
    return headers
  }
}
