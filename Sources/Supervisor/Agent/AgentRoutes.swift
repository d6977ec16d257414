import ChainModel
import EventLoop
import Topology

/// What an agent does, with what there is of it already: its host's chain is started, kept and stopped by a supervisor, as
/// on a machine without an agent. So an agent that ends takes nothing with it, and the next one goes on.
///
/// Each request is answered by one of its threads, which may wait.
final class AgentRoutes: Sendable {
  let board: AgentBoard
  private let launcher: ChainLauncher
  private let version: String
  private let feed: AgentFeed
  /// It never ends: with it would end what was started and is not ready yet.
  private let starting = LoopThread("agent-start")

  init(_ launcher: ChainLauncher, version: String) {
    (self.launcher, self.version) = (launcher, version)
    (board, feed) = (AgentBoard(), AgentFeed(launcher.store))
  }

  func answer(_ request: LocalRequest) throws(LocalRefusal) -> Reply {
    switch AgentVerb(request) {
    case .alive: return Self.alive
    case .ready: return try ready()
    case .status: return .agent(WireJSON.encode(try status()))
    case .log: return .agent(try feed.answer(request.body, request.query), "application/octet-stream")
    case .start:
      try request.requireJSON()
      return try start(request.body)
    case .stop:
      try request.requireJSON()
      return stop()
    case .relay(let service, let verb): return try relay(request, to: service, verb)
    case nil: throw AgentVerb.refusal(request)
    }
  }

  // MARK: Status

  private func status() throws(LocalRefusal) -> AgentStatus {
    let state = board.state
    let now = Monotonic.now()
    return AgentStatus(
      version: version, run: try run(), isBusy: state.isBusy, failure: state.failure, refusedTokens: state.refused,
      monotonic: now, wall: now &+ Monotonic.wallOffset())
  }

  private func run() throws(LocalRefusal) -> AgentStatus.Run? {
    do throws(SupervisorError) {
      guard let run = try launcher.store.current() else { return nil }
      return AgentStatus.Run(
        id: run.id, phase: try run.phase(), host: try run.record().host, services: try run.chain()?.services ?? [])
    } catch {
      throw LocalRefusal(503, "the host's run cannot be looked at: \(error)")
    }
  }

  private func ready() throws(LocalRefusal) -> Reply {
    // To whoever asks, no more than that.
    guard let run = try? run(), run.phase == .ready, run.services.allSatisfy({ $0.state == .ready }) else {
      throw LocalRefusal(503, "the services of this host are not ready")
    }
    return .agent(WireJSON.encode(["ready": true]))
  }

  static let alive = Reply.agent(WireJSON.encode(["alive": true]))

  // MARK: Start and stop

  private func start(_ body: [UInt8]) throws(LocalRefusal) -> Reply {
    guard let order = WireJSON.decode(StartOrder.self, from: body) else {
      throw LocalRefusal(400, "expected {\"run\": ID, \"host\": NAME, \"services\": the text of services.yaml}")
    }
    let topology = try order.topology()
    guard board.begin() else { throw LocalRefusal(409, "the agent is starting or stopping a run already: ask again") }
    let configuration = Array(topology.yaml().utf8)
    starting.loop.execute { [self] in
      var failure: String?
      do throws(SupervisorError) {
        _ = try launcher.up(
          topology, id: order.run, configuration: configuration, versions: ["chainlab": version],
          isInterrupted: { [board] in board.state.isEnding })
      } catch {
        failure = error.description
      }
      board.end(failure)
    }
    return Self.accepted
  }

  private func stop() -> Reply {
    guard board.begin() else { return Self.busy }
    starting.loop.execute { [self] in
      var failure: String?
      do throws(SupervisorError) { _ = try launcher.down() } catch { failure = error.description }
      board.end(failure)
    }
    return Self.accepted
  }

  /// It is on its way: how it ends, the status says.
  private static let accepted = Reply(
    202, "application/json", Array(#"{"accepted":true}"#.utf8), fields: Reply.agentFields)
  private static let busy = Reply(
    409, "application/problem+json",
    Array(#"{"detail":"the agent is starting or stopping a run already: ask again","status":"409"}"#.utf8),
    fields: Reply.agentFields)

  // MARK: Services

  private func relay(_ request: LocalRequest, to name: String, _ verb: String) throws(LocalRefusal) -> Reply {
    let services = try run()?.services ?? []
    guard let service = services.first(where: { $0.replica.text == name }) else {
      throw LocalRefusal(404, "no service of this host is called \(PlainText.clean(name))")
    }
    let client = ControlClient(service.replica, port: service.controlPort)
    do throws(ControlError) {
      let path = "/\(verb)"
      let answer =
        switch request.method {
        case "PUT": try client.put(path, request.body)
        case "DELETE": try client.delete(path)
        default: try client.get(path)
        }
      let isText = verb == "metrics" && answer.status == 200
      let type = isText ? "text/plain; version=0.0.4; charset=utf-8" : "application/json"
      return Reply(answer.status, type, answer.body, fields: Reply.agentFields)
    } catch {
      if case .timeout = error { throw LocalRefusal(504, error.description) }
      throw LocalRefusal(502, error.description)
    }
  }
}

/// What an agent knows besides what stands in its runs' folders.
final class AgentBoard: Sendable {
  struct State {
    var refused = 0
    var isBusy = false
    /// What is being started is given up.
    var isEnding = false
    var failure: String?
  }

  private let shared = Locked(State())

  var state: State { shared.withLock { $0 } }

  func noteEnding() { shared.withLock { $0.isEnding = true } }

  func noteRefusal() { shared.withLock { $0.refused += 1 } }

  /// False while something else is being done.
  func begin() -> Bool {
    shared.withLock { state in
      guard !state.isBusy else { return false }
      (state.isBusy, state.failure) = (true, nil)
      return true
    }
  }

  func end(_ failure: String?) {
    shared.withLock { state in (state.isBusy, state.failure) = (false, failure) }
  }
}
