package import ChainModel
import TraceLog

/// What a callee answered, on success.
package struct CalleeAnswer: Hashable, Sendable {
  package var body: [UInt8]
}

/// What a handler reads from a request, in every style.
package protocol RequestReading {
  /// The value of the route's `{name}`.
  func parameter(_ name: String) throws(CallError) -> String
  /// The value of `?name=`.
  func query(_ name: String) throws(CallError) -> String
  /// The request's server span.
  var trace: TraceContext { get }
}

extension Exchange {
  func parameter(_ name: String) throws(CallError) -> String {
    guard let value = parameters[name] else { throw .badRequest("the path has no {\(name)}") }
    return value
  }

  func queryValue(_ name: String) throws(CallError) -> String {
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0] == name else { continue }
      guard let value = PercentCoding.decode(parts[1]) else {
        throw .badRequest("the query's \(name) is no percent-encoded UTF-8")
      }
      return value
    }
    throw .badRequest("the query has no \(name)")
  }
}

/// A request in the hands of the thread that waits for everything itself.
package struct BlockingRequest: RequestReading {
  let exchange: Exchange
  let worker: WorkerContext

  package var trace: TraceContext { exchange.context }

  package func parameter(_ name: String) throws(CallError) -> String { try exchange.parameter(name) }

  package func query(_ name: String) throws(CallError) -> String { try exchange.queryValue(name) }

  /// Calls another service and waits for its answer.
  @available(*, noasync)
  package func get(_ callee: ServiceName, _ path: String) throws(CallError) -> CalleeAnswer {
    try call(CallRequest(callee, path))
  }

  @available(*, noasync)
  func call(_ request: CallRequest) throws(CallError) -> CalleeAnswer {
    try BlockingCall.run(request, for: exchange, on: worker)
  }

  /// Waits for nobody's answer but time's.
  @available(*, noasync)
  func sleep(_ duration: Duration, _ label: String) throws(CallError) {
    try worker.sleep(exchange.core.sleep(duration, label), for: exchange)
  }

  /// Does store work on this thread.
  @available(*, noasync)
  @inlinable package func store<Value>(_ work: StoreWork<Value>) throws(CallError) -> Value {
    let result = StoreResult<Value>()
    return try result.get(perform(result.task(work))).get()
  }

  /// See `store`, for work without its type.
  package func perform(_ task: StoreTask) -> CallError? { task.run(on: worker, for: exchange) }
}

/// A request on its event loop, served by callbacks. Stays on that loop.
package struct CallbackRequest: RequestReading {
  let exchange: Exchange
  let transport: any LoopTransport

  package var trace: TraceContext { exchange.context }

  package func parameter(_ name: String) throws(CallError) -> String { try exchange.parameter(name) }

  package func query(_ name: String) throws(CallError) -> String { try exchange.queryValue(name) }

  /// Calls another service; `completion` is called once, on the loop.
  package func get(
    _ callee: ServiceName, _ path: String, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    transport.call(CallRequest(callee, path), for: exchange, completion: completion)
  }

  func call(_ request: CallRequest, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void) {
    transport.call(request, for: exchange, completion: completion)
  }

  func sleep(_ duration: Duration, _ label: String, completion: @escaping (CallError?) -> Void) {
    transport.sleep(exchange.core.sleep(duration, label), for: exchange, completion: completion)
  }

  /// Has store work done elsewhere; `completion` is called once, on the loop.
  @inlinable package func store<Value>(
    _ work: StoreWork<Value>, completion: @escaping (Result<Value, CallError>) -> Void
  ) {
    let result = StoreResult<Value>()
    perform(result.task(work)) { completion(result.get($0)) }
  }

  /// See `store`, for work without its type.
  package func perform(_ task: StoreTask, completion: @escaping (CallError?) -> Void) {
    transport.store(task, for: exchange, completion: completion)
  }
}

/// A request on its event loop, served by an async function. Stays on that loop: see `LoopExecutor`.
package struct AsyncRequest: RequestReading {
  let exchange: Exchange
  let transport: any LoopTransport

  package var trace: TraceContext { exchange.context }

  package func parameter(_ name: String) throws(CallError) -> String { try exchange.parameter(name) }

  package func query(_ name: String) throws(CallError) -> String { try exchange.queryValue(name) }

  /// Calls another service; suspended until the answer is there.
  package func get(_ callee: ServiceName, _ path: String) async throws(CallError) -> CalleeAnswer {
    try await call(CallRequest(callee, path))
  }

  func call(_ request: CallRequest) async throws(CallError) -> CalleeAnswer {
    // An unsafe continuation of a Result: typed, and half the cost of a checked one. `transport` resumes it once.
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<CalleeAnswer, CallError>, Never>) in
      transport.call(request, for: exchange) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  func sleep(_ duration: Duration, _ label: String) async throws(CallError) {
    try await suspended { transport.sleep(exchange.core.sleep(duration, label), for: exchange, completion: $0) }
  }

  /// The same request, for callbacks.
  var underlying: CallbackRequest { CallbackRequest(exchange: exchange, transport: transport) }

  /// Suspended until the body calls back, on this loop.
  func suspended(_ body: (@escaping (CallError?) -> Void) -> Void) async throws(CallError) {
    let error = await withUnsafeContinuation { (continuation: UnsafeContinuation<CallError?, Never>) in
      body { continuation.resume(returning: $0) }
    }
    if let error { throw error }
  }

  /// Has store work done elsewhere; suspended until it is done.
  @inlinable package func store<Value>(_ work: StoreWork<Value>) async throws(CallError) -> Value {
    let result = StoreResult<Value>()
    return try result.get(await perform(result.task(work))).get()
  }

  /// See `store`, for work without its type.
  package func perform(_ task: StoreTask) async -> CallError? {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<CallError?, Never>) in
      transport.store(task, for: exchange) { continuation.resume(returning: $0) }
    }
  }
}

/// How a request that lives on an event loop reaches callees and the store. Everything happens on that loop; each
/// completion is called once.
protocol LoopTransport: Sendable {
  func call(
    _ request: CallRequest, for exchange: Exchange,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void)
  func store(_ task: StoreTask, for exchange: Exchange, completion: @escaping (CallError?) -> Void)
  func sleep(_ sleep: FaultPlan.Sleep, for exchange: Exchange, completion: @escaping (CallError?) -> Void)
}
