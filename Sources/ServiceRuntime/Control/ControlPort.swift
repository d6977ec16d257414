import ChainModel
import EventLoop
import Logging

/// The control port's listeners, on the control loop alone: it answers whatever the service's threads and loops do.
final class ControlPort {
  private static let backlog = 64
  private static let patience = Duration.seconds(60)

  private let server: HTTPServer
  private var listeners: [Listener] = []

  /// Which the kernel chose if 0 was asked for.
  let port: Int

  /// - Throws: `Listener.Failure` when the port cannot be had.
  init(on loop: EventLoop, host: String, port: Int, routes: ControlRoutes, service: ReplicaName, logger: Logger) throws
  {
    let users = PeerUsers()
    if !users.isKnown {
      logger.notice("the control port answers all users of this host: the kernel does not tell them apart")
    }
    let server = HTTPServer(loop, .init(request: Self.patience, idle: Self.patience)) {
      ControlConnection($0, routes: routes, service: service, users: users)
    }
    self.server = server
    let shortage = ShortageNote(logger)
    func listener(_ host: String, _ port: Int) throws -> Listener {
      try Listener(
        on: loop, host: host, port: port, backlog: Self.backlog, onShortage: { shortage.tell($0) }
      ) { server.adopt($0) }
    }
    let main = try listener(host, port)
    self.port = main.port
    listeners = [main]
    guard let twin = LoopbackTwin.address(of: host) else { return }
    do {
      listeners.append(try listener(twin, main.port))
    } catch {
      LoopbackTwin.report(error, twin, main.port, to: logger)
    }
  }

  /// On its loop.
  func start() {
    for listener in listeners { listener.start() }
  }

  /// On its loop: ends it and all of its connections.
  func close() {
    for listener in listeners { listener.close() }
    server.closeAll()
  }
}

/// One connection to the control port.
private final class ControlConnection: RequestHandler {
  private let routes: ControlRoutes
  private let service: ReplicaName
  private var connection: ServerConnection?
  /// Why whoever has connected is not answered.
  private let strange: String?
  private var request: ControlRequest?

  init(_ connection: ServerConnection, routes: ControlRoutes, service: ReplicaName, users: PeerUsers) {
    self.connection = connection
    self.routes = routes
    self.service = service
    strange = users.refusal(of: connection.descriptor)
  }

  func began(_ head: RequestHead) {
    if head.asksForMethods {
      connection?.answer(Reply(204, "", [], fields: ["allow: \(Self.everywhere)"]))
    } else {
      request = ControlRequest(head)
    }
  }

  private static let everywhere = "GET, HEAD, PUT, DELETE"

  func received(_ bytes: UnsafeRawBufferPointer) { request?.body.append(contentsOf: bytes) }

  func complete() {
    guard let request else { return }
    self.request = nil
    if let strange {
      connection?.answer(reply(ControlRefusal(403, strange)))
      return
    }
    switch routes.answer(request) {
    case .success(let answer): connection?.answer(reply(answer))
    case .failure(let refusal): connection?.answer(reply(refusal))
    }
  }

  func refused(_ reason: RequestRefusal) {
    request = nil
    let row = CallError(reason).row
    connection?.dismiss(reply(ControlRefusal(row.status, row.detail)))
  }

  func closed() {
    connection = nil
    request = nil
  }

  private func reply(_ refusal: ControlRefusal) -> Reply {
    let body = WireJSON.encode([
      "detail": refusal.detail, "service": service.text, "status": String(refusal.status),
    ])
    return reply(
      Answer(status: refusal.status, contentType: "application/problem+json", body: body),
      fields: refusal.allow.map { ["allow: \($0)"] } ?? [])
  }

  private func reply(_ answer: Answer, fields: [String] = []) -> Reply {
    Reply(answer.status, answer.contentType, answer.body, fields: fields + ["x-content-type-options: nosniff"])
  }
}
