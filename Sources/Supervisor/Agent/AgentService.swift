import ChainModel
import EventLoop
import Synchronization

/// The agent's port, on its loop, which only moves bytes: what has to be looked up or may take long is done by other
/// threads.
final class AgentService: LocalService, Sendable {
  let methods = "GET, HEAD, POST, PUT, DELETE"
  let tellsMethods = false
  private let gate: AgentGate
  let routes: AgentRoutes
  private let loop: EventLoop
  /// For the log, which is asked for ten times a second; for whatever starts and stops; and for control ports.
  private let log = LoopThread("agent-log")
  private let work = LoopThread("agent-work")
  private let relays = [LoopThread("agent-relay-1"), LoopThread("agent-relay-2")]
  private let next = Atomic<Int>(0)

  /// Who is to be given an answer.
  private struct Client: @unchecked Sendable {  // touched on the port's loop only
    let connection: ServerConnection
  }

  init(_ gate: AgentGate, _ routes: AgentRoutes, _ loop: EventLoop) {
    (self.gate, self.routes, self.loop) = (gate, routes, loop)
  }

  func admit(_ request: LocalRequest) throws(LocalRefusal) {
    do throws(LocalRefusal) {
      try gate.check(
        host: request.host, origins: request.origins, authorizations: request.authorizations,
        isOpen: AgentVerb(request)?.isOpen ?? false)
    } catch {
      if error.status == 401 { routes.board.noteRefusal() }
      throw error
    }
  }

  func answer(_ request: LocalRequest, on connection: ServerConnection) {
    // Whatever the threads behind it wait for.
    if AgentVerb(request) == .alive { return connection.answer(AgentRoutes.alive) }
    let client = Client(connection: connection)
    thread(for: request).loop.execute { [self] in
      let reply: Reply
      do throws(LocalRefusal) { reply = try routes.answer(request) } catch { reply = self.reply(error) }
      loop.execute { client.connection.answer(reply) }
    }
  }

  private func thread(for request: LocalRequest) -> LoopThread {
    switch AgentVerb(request) {
    case .log: log
    case .relay: relays[next.add(1, ordering: .relaxed).newValue % relays.count]
    default: work
    }
  }

  func reply(_ refusal: LocalRefusal) -> Reply {
    let body = WireJSON.encode(["detail": refusal.detail, "status": String(refusal.status)])
    return Reply(
      refusal.status, "application/problem+json", body,
      fields: refusal.fields + (refusal.allow.map { ["allow: \($0)"] } ?? []) + Reply.agentFields)
  }

  var refusedTokens: Int { routes.board.state.refused }

  func stop() { for thread in [log, work] + relays { thread.stop() } }
}

extension Reply {
  /// Nothing that an agent says is to be kept, or taken for a page.
  static let agentFields = ["cache-control: no-store", "x-content-type-options: nosniff"]

  static func agent(_ body: [UInt8], _ contentType: String = "application/json") -> Reply {
    Reply(200, contentType, body, fields: agentFields)
  }
}
