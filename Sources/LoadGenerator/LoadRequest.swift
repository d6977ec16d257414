import ChainModel
import NIOHTTP1

/// One request, from the moment it is sent to its outcome. Times are `Monotonic` nanoseconds.
struct LoadRequest: Sendable {
  /// Its number in the whole run. In a closed loop, client c of n makes the requests c, c + n, c + 2n and so on.
  var index: UInt64
  var dueAt: UInt64
  var sentAt: UInt64
  /// Due after the warm-up.
  var isMeasured: Bool
  /// Position among the plan's paths.
  var template: Int
  var path: String
  var context: TraceContext
}

/// Makes the requests of one loop.
struct RequestMaker {
  private let choice: PathChoice
  private let headers: HTTPHeaders
  private let timeout: Duration
  private let measuredFrom: UInt64
  private var identifiers = IDGenerator()

  init(plan: LoadPlan, measuredFrom: UInt64) {
    choice = PathChoice(paths: plan.paths, usernames: plan.usernames, seed: plan.seed)
    timeout = plan.timeout
    self.measuredFrom = measuredFrom
    var headers = HTTPHeaders([("host", plan.authority)] + plan.headers.map { ($0.name, $0.value) })
    if plan.newConnections { headers.add(name: "connection", value: "close") }
    self.headers = headers
  }

  /// The request with this number in the whole run, which should be sent at `dueAt` and is sent `now`.
  mutating func make(index: UInt64, dueAt: UInt64, now: UInt64) -> LoadRequest {
    let (template, path) = choice.path(index)
    return LoadRequest(
      index: index, dueAt: dueAt, sentAt: now, isMeasured: dueAt >= measuredFrom, template: template, path: path,
      context: TraceContext(trace: identifiers.nextTrace(), span: identifiers.nextSpan(), random: true))
  }

  func deadline(_ request: LoadRequest) -> Deadline { Deadline(after: timeout, from: request.sentAt) }

  /// What goes over the wire at `now`: less of the timeout is left once a connection had to be made.
  func head(_ request: LoadRequest, at now: UInt64) -> HTTPRequestHead {
    var headers = headers
    headers.add(name: TraceContext.parentHeader, value: request.context.parent)
    headers.add(name: Deadline.header, value: "\(deadline(request).remaining(at: now).milliseconds)")
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: request.path, headers: headers)
  }
}
