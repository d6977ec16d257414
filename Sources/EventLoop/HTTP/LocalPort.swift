import ChainModel

/// What a `LocalPort` answers, on its loop.
package protocol LocalService: AnyObject {
  /// All methods that any path takes, as an `allow` field has them.
  var methods: String { get }
  /// Whether a request for this host may be answered to pages of these origins.
  func allows(host: String, origins: [String]) -> Bool
  /// Answers a request, now or later.
  func answer(_ request: LocalRequest, on connection: ServerConnection)
  func reply(_ refusal: LocalRefusal) -> Reply
}

/// A port for programs of this host and this user alone, on both addresses of `localhost`. Who may ask is decided here,
/// what is answered by its service.
package final class LocalPort: @unchecked Sendable {  // a port number, and what is touched on its loop only
  /// Which the kernel chose if 0 was asked for.
  package let port: Int
  /// Whether somebody else has it on ::1.
  package let isTwinTaken: Bool
  /// Whether other users of this host are refused: the kernel may not tell them apart.
  package let knowsUsers: Bool
  private let server: HTTPServer
  private let doors: Doors

  private static let backlog = 64
  /// What the kernel keeps for a client that does not read.
  private static let sendBuffer: Int32 = 128 * 1024

  /// The listeners; those who close a connection knock there.
  private final class Doors {
    var listeners: [Listener] = []
    func look() { for listener in listeners { listener.look() } }
  }

  /// Takes the port.
  /// - Parameters:
  ///   - loop: on which everything happens.
  ///   - port: on 127.0.0.1 and ::1; 0 for any.
  ///   - limits: of a client.
  ///   - connections: how many there may be; more wait in the kernel.
  ///   - service: answers.
  ///   - onShortage: is told once in a while why connections wait.
  /// - Throws: when the port cannot be had.
  package init(
    on loop: EventLoop, port: Int, limits: HTTPServer.Limits, connections: Int? = nil,
    service: any LocalService, onShortage: @escaping (String) -> Void
  ) throws(Listener.Failure) {
    let (users, doors, note) = (PeerUsers(), Doors(), ShortageNote(onShortage))
    let server = HTTPServer(loop, limits) { LocalConnection($0, service: service, users: users, onClose: doors.look) }
    var hasRoom: (() -> Bool)?
    if let connections {
      hasRoom = {
        if server.count < connections { return true }
        note.tell("\(connections) are open already")
        return false
      }
    }
    let taken = try Listener.pair(Endpoint(port: port)) { endpoint throws(Listener.Failure) in
      try Listener(
        on: loop, at: endpoint, backlog: Self.backlog, sendBuffer: Self.sendBuffer, hasRoom: hasRoom,
        onShortage: note.tell
      ) { server.adopt($0) }
    }
    doors.listeners = taken.listeners
    (self.server, self.doors, isTwinTaken, knowsUsers) = (server, doors, taken.isTwinTaken, users.isKnown)
    self.port = taken.listeners[0].port
  }

  /// On its loop.
  package func start() { for listener in doors.listeners { listener.start() } }

  /// On its loop: ends it and all of its connections.
  package func close() {
    for listener in doors.listeners { listener.close() }
    server.closeAll()
  }
}

/// One connection to a local port.
private final class LocalConnection: RequestHandler {
  private let service: any LocalService
  private let onClose: () -> Void
  private var connection: ServerConnection?
  /// Why whoever has connected is not answered.
  private let strange: String?
  private var request: Result<LocalRequest, LocalRefusal>?

  init(_ connection: ServerConnection, service: any LocalService, users: PeerUsers, onClose: @escaping () -> Void) {
    self.connection = connection
    self.service = service
    self.onClose = onClose
    strange = users.refusal(of: connection.descriptor)
  }

  func began(_ head: RequestHead) {
    if head.asksForMethods {
      connection?.answer(Reply(204, "", [], fields: ["allow: \(service.methods)"]))
    } else {
      request = Result { () throws(LocalRefusal) in try LocalRequest(head, methods: service.methods) }
    }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard case .success(var whole)? = request else { return }
    request = nil
    whole.body.append(contentsOf: bytes)
    request = .success(whole)
  }

  func complete() {
    guard let request, let connection else { return }
    self.request = nil
    do throws(LocalRefusal) {
      if let strange { throw LocalRefusal(403, strange) }
      let whole = try request.get()
      guard service.allows(host: whole.host, origins: whole.origins) else {
        throw LocalRefusal(403, "this port answers programs of this host: check the Host and Origin headers")
      }
      service.answer(whole, on: connection)
    } catch {
      connection.answer(service.reply(error))
    }
  }

  func refused(_ reason: RequestRefusal) {
    request = nil
    let row = CallError(reason).row
    connection?.dismiss(service.reply(LocalRefusal(row.status, row.detail)))
  }

  func closed() {
    connection = nil
    request = nil
    onClose()
  }
}
