import ChainModel
import EventLoop

/// One request, from the moment it is sent to its outcome. Times are `Monotonic` nanoseconds.
struct LoadRequest: Sendable {
  /// Its number in the whole run. In a closed loop, client c of n makes the requests c, c + n, c + 2n and so on.
  var index: UInt64
  var dueAt: UInt64
  var sentAt: UInt64
  /// Due after the warm-up.
  var isMeasured: Bool
  /// Position among the plan's kinds of requests.
  var template: Int
  var path: String
  var context: TraceContext
}

/// Makes the requests of one loop.
struct RequestMaker {
  private let choice: PathChoice
  private let methods: [[UInt8]]
  private let endings: [[UInt8]]
  /// What is the same in all of a kind: from behind the path to the value of `traceparent`.
  private let middles: [[UInt8]]
  private let timeout: Duration
  private let measuredFrom: UInt64
  private var identifiers = IDGenerator()

  init(plan: LoadPlan, measuredFrom: UInt64) {
    methods = plan.kinds.map { Array("\($0.method) ".utf8) }
    // A body of nothing, where a method asks for one.
    endings = plan.kinds.map { Array(($0.method == "GET" ? "\r\n\r\n" : "\r\ncontent-length: 0\r\n\r\n").utf8) }
    choice = PathChoice(
      paths: plan.paths, weights: plan.kinds.map(\.weight), usernames: plan.usernames, seed: plan.seed)
    timeout = plan.timeout
    self.measuredFrom = measuredFrom
    var headers = plan.headers.map { ($0.name, $0.value) }
    if plan.newConnections { headers.append(("connection", "close")) }
    let lines = headers.map { "\($0): \($1)\r\n" }.joined()
    middles = plan.targets.map {
      Array(" HTTP/1.1\r\nhost: \($0.text)\r\n\(lines)\(TraceContext.parentHeader): ".utf8)
    }
  }

  /// The request with this number in the whole run, which should be sent at `dueAt` and is sent `now`.
  mutating func make(index: UInt64, dueAt: UInt64, now: UInt64) -> LoadRequest {
    let (template, path) = choice.path(index)
    return LoadRequest(
      index: index, dueAt: dueAt, sentAt: now, isMeasured: dueAt >= measuredFrom, template: template, path: path,
      context: TraceContext(trace: identifiers.nextTrace(), span: identifiers.nextSpan(), random: true))
  }

  func deadline(_ request: LoadRequest) -> Deadline { Deadline(after: timeout, from: request.sentAt) }

  /// Writes it as it goes over the wire at `now`.
  func write(_ request: LoadRequest, at now: UInt64, to output: Output) {
    output.append(methods[request.template])
    output.append(request.path)
    output.append(middles[request.template])
    output.append(request.context.parent)
    output.append("\r\n")
    output.append(Deadline.header)
    output.append(": ")
    output.append(number: Int(clamping: deadline(request).remaining(at: now).millisecondsRoundedUp))
    output.append(endings[request.template])
  }
}
