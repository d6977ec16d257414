import ChainModel
import EventLoop

/// All that can be asked of an agent. Nothing else passes: no path, no command and no variable of the environment comes
/// from the network.
enum AgentVerb: Hashable {
  /// For probes, which have no token: whether it answers, and whether its services are ready. Neither asks a service, so
  /// none is restarted or passed over because its threads are all held.
  case alive, ready
  case status
  case log
  case start
  case stop
  /// To the control port of one of its services.
  case relay(String, String)

  /// What of a service's control port is passed on, with the methods that it takes.
  static let relayed = [
    "ready": ["GET"], "health": ["GET"], "status": ["GET"], "metrics": ["GET"], "callees": ["GET"], "mode": ["PUT"],
    "pool": ["PUT"], "fault": ["PUT", "DELETE"], "policy": ["PUT", "DELETE"], "admission": ["PUT"],
  ]

  private static let own: [String: (method: String, verb: AgentVerb)] = [
    "/alive": ("GET", .alive), "/ready": ("GET", .ready), "/status": ("GET", .status), "/log": ("POST", .log),
    "/start": ("POST", .start), "/stop": ("POST", .stop),
  ]
  private static let services = "/services/"

  /// Nil for what is none, or has another method.
  init?(_ request: LocalRequest) {
    guard let verb = Self.verb(request.path), Self.methods(request.path).contains(request.method) else { return nil }
    self = verb
  }

  private static func verb(_ path: String) -> AgentVerb? {
    if let own = own[path] { return own.verb }
    guard path.hasPrefix(services) else { return nil }
    let parts = path.dropFirst(services.count).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, relayed[parts[1]] != nil else { return nil }
    return .relay(parts[0], parts[1])
  }

  private static func methods(_ path: String) -> [String] {
    switch verb(path) {
    case .relay(_, let name): relayed[name] ?? []
    case nil: []
    default: own[path].map { [$0.method] } ?? []
    }
  }

  /// Whether it tells nothing that needs a token.
  var isOpen: Bool { self == .alive || self == .ready }

  /// Why a request is none of them.
  static func refusal(_ request: LocalRequest) -> LocalRefusal {
    let methods = methods(request.path)
    guard methods.isEmpty else {
      let allow = methods.flatMap { $0 == "GET" ? ["GET", "HEAD"] : [$0] }.joined(separator: ", ")
      return LocalRefusal(405, "\(PlainText.clean(request.path)) takes \(allow)", allow: allow)
    }
    let known = own.keys.sorted() + ["\(services)NAME/ and one of \(relayed.keys.sorted().joined(separator: ", "))"]
    return LocalRefusal(404, "an agent answers \(known.joined(separator: ", ")), and nothing else")
  }
}
