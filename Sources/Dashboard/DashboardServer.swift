package import ChainModel
package import EventLoop
import Glibc

/// Serves the page to whoever asks for it as this host's, under the name of loopback.
package final class DashboardServer: Sendable {
  private let thread = LoopThread("page")
  private let local: LocalPort
  private let routes: PageRoutes

  /// They are left to the page's own work: a log to read, a command to run.
  private static let ownDescriptors = 40

  /// Where it listens.
  package var port: Int { local.port }

  /// Begins to listen.
  /// - Parameters:
  ///   - endpoint: an address and a port; with 127.0.0.1 it is ::1 too, since `localhost` may mean either.
  ///   - access: to the lab.
  ///   - limits: what it keeps, and whom it waits for.
  /// - Throws: when the port cannot be had.
  package init(at endpoint: Endpoint, access: any LabAccess, limits: PageLimits = PageLimits()) throws(Listener.Failure)
  {
    routes = PageRoutes(access: access, limits: limits, loop: thread.loop)
    let affordable = max(8, DescriptorLimit.raised() - Self.ownDescriptors)
    do throws(Listener.Failure) {
      local = try LocalPort(
        on: thread.loop, at: endpoint, limits: .init(request: limits.patience, idle: limits.patience),
        connections: min(limits.connections, affordable), service: PageService(routes, thread.loop)
      ) { reason in
        let line = Array("chainlab: connections to the page wait: \(reason)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
      }
      if local.isTwinTaken { throw Listener.Failure(code: EADDRINUSE) }
    } catch {
      thread.stop()
      throw error
    }
    thread.loop.execute { [local] in local.start() }
  }

  /// Follows the chain until the task is cancelled, and ends with all connections. To be called once.
  package func run() async {
    async let following: Void = routes.feed.run()
    await routes.library.run()
    await following
    thread.loop.execute { [local] in local.close() }
    thread.stop()
  }
}

/// What the page's port does on its loop, which only moves bytes: everything else is done elsewhere.
private final class PageService: LocalService, Sendable {
  let methods = "GET, HEAD, POST, DELETE"
  private let routes: PageRoutes
  private let loop: EventLoop

  /// Who is to be given an answer.
  private struct Client: @unchecked Sendable {  // touched on the loop only
    let connection: ServerConnection
    let isHead: Bool
    let isExplaining: Bool
  }

  init(_ routes: PageRoutes, _ loop: EventLoop) {
    self.routes = routes
    self.loop = loop
  }

  func admit(_ request: LocalRequest) throws(LocalRefusal) {
    guard LoopbackCheck.allowsOwnPage(hosts: [request.host], origins: request.origins) else { throw .notOwn }
  }

  func answer(_ request: LocalRequest, on connection: ServerConnection) {
    let request = PageRequest(request)
    let client = Client(
      connection: connection, isHead: request.sent.isHead, isExplaining: request.query["explain"] == "1")
    Task {
      let reply = await routes.answer(request)
      loop.execute { [self] in give(reply, to: client) }
    }
  }

  private func give(_ reply: Reply, to client: Client) {
    let isRefused =
      reply.goesOn && !client.isHead && !routes.streams.add(client.connection, isExplaining: client.isExplaining)
    client.connection.answer(
      isRefused ? self.reply(LocalRefusal(503, "\(routes.limits.streams) pages follow the chain already")) : reply)
  }

  func reply(_ refusal: LocalRefusal) -> Reply { Reply(refusal) }
}
