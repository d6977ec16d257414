package import ChainModel
import Topology

/// One route's business code, written once in each style. Each body says the same; only the waiting differs.
package protocol Handler: Sendable {
  /// For the `blocking` model: the thread waits.
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer
  /// For the `nonblocking` model: nobody waits, the event loop calls `completion`, once.
  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void)
  /// For the `async` and `nonblocking-async` models: the function is suspended, its event loop goes on.
  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer
}

/// What a handler answers on success.
package struct Answer: Hashable, Sendable {
  package var status: Int
  package var contentType: String
  package var body: [UInt8]

  /// A JSON body, complete.
  package static func json(_ body: [UInt8]) -> Answer {
    Answer(status: 200, contentType: "application/json", body: body)
  }

  static func text(_ text: String, contentType: String = "text/plain; charset=utf-8", status: Int = 200) -> Answer {
    Answer(status: status, contentType: contentType, body: Array(text.utf8))
  }
}

/// Store work that blocks the thread that does it: a query, an append to a file.
package struct StoreWork<Value: Sendable>: Sendable {
  /// `database` or `file`.
  package let cause: WaitCause
  /// What the log calls it; from a bounded set.
  package let label: StoreLabel
  /// Does it, and blocks.
  package let body: @Sendable (StoreAccess) throws(CallError) -> Value

  package init(
    _ cause: WaitCause, _ label: StaticString, body: @escaping @Sendable (StoreAccess) throws(CallError) -> Value
  ) {
    self.init(cause, .literal(label), body: body)
  }

  init(_ cause: WaitCause, _ label: StoreLabel, body: @escaping @Sendable (StoreAccess) throws(CallError) -> Value) {
    self.cause = cause
    self.label = label
    self.body = body
  }
}

/// What the log calls a piece of store work.
package enum StoreLabel: Sendable {
  case literal(StaticString)
  /// Of a description.
  case text(String)
}

/// A route: a method, a path with placeholders, a handler.
package struct Route: Sendable {
  /// As the description and the log have it.
  package let name: String
  let method: String
  let template: String
  let handler: any Handler
  let segments: [Segment]
  /// The names of the placeholders, in their order.
  let placeholders: [String]
  /// Whether faults and simulated latency apply. Not to `/ping`: it needs nothing, and shows collateral damage alone.
  let isFaulty: Bool
  /// Those that the handler calls.
  let callees: [ServiceName]

  enum Segment: Hashable, Sendable {
    /// In UTF-8.
    case literal([UInt8])
    case placeholder(String)
  }

  /// - Parameters:
  ///   - method: the HTTP method.
  ///   - template: such as `/users/{username}/payment-status`.
  ///   - handler: serves it.
  ///   - name: in the description and the log; nil for method and template.
  ///   - isFaulty: whether faults and simulated latency apply to it.
  ///   - callees: those that the handler calls; the description must know of it.
  package init(
    _ method: String, _ template: String, _ handler: any Handler, name: String? = nil, isFaulty: Bool = true,
    calling callees: [ServiceName] = []
  ) {
    self.name = name ?? "\(method) \(template)"
    self.method = method
    self.template = template
    self.handler = handler
    self.isFaulty = isFaulty
    self.callees = callees
    segments = RouteAddress.segments(template).map { part in
      RouteAddress.isPlaceholder(part)
        ? .placeholder(String(part.dropFirst().dropLast()))
        : .literal(Array((PercentCoding.decode(part) ?? String(part)).utf8))
    }
    placeholders = segments.compactMap { segment in
      if case .placeholder(let name) = segment { name } else { nil }
    }
  }
}

/// `GET /ping`: answers at once, in the service's IO model, and needs nothing from any callee.
package struct PingHandler: Handler {
  private static let answer = Answer.json(Array(#"{"ping":"pong"}"#.utf8))

  package init() {}

  package func blocking(_ request: BlockingRequest) throws(CallError) -> Answer { Self.answer }

  package func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    completion(.success(Self.answer))
  }

  package func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer { Self.answer }
}
