import EventLoop
import Glibc
import NIOCore
import NIOHTTP1
package import NIOPosix

/// Serves the page on this host alone.
package struct DashboardServer: Sendable {
  /// One for each loopback address that the machine has.
  private let listeners: [any Channel]
  private let routes: PageRoutes

  /// Where it listens.
  package var port: Int { listeners.first?.localAddress?.port ?? 0 }

  /// Begins to listen.
  /// - Parameters:
  ///   - port: on 127.0.0.1, and on ::1, since `localhost` may mean either.
  ///   - access: to the lab.
  ///   - group: one thread is enough: it only moves bytes.
  ///   - limits: what it keeps, and whom it waits for.
  /// - Throws: `IOError` when the port cannot be had.
  package init(
    port: Int, access: any LabAccess, group: MultiThreadedEventLoopGroup, limits: PageLimits = PageLimits()
  ) async throws {
    let routes = PageRoutes(access: access, limits: limits)
    self.routes = routes
    let users = PeerUsers()
    let rest = AcceptRest.Place(limit: limits.connections)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // What the kernel keeps for one who does not read.
      .childChannelOption(.socketOption(.so_sndbuf), value: 128 * 1024)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptRest(place: rest))
        }
      }
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(HTTPResponseEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
          try pipeline.addHandler(HTTPServerPipelineHandler())
          try pipeline.addHandler(PageHandler(routes: routes, users: users))
        }
      }
    let first = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
    do {
      listeners = [first, try await bootstrap.bind(host: "::1", port: first.localAddress?.port ?? port).get()]
    } catch let error as IOError where error.errnoCode != EADDRINUSE {
      // A machine without IPv6.
      listeners = [first]
    }
  }

  /// Follows the chain until the task is cancelled.
  package func run() async {
    async let following: Void = routes.feed.run()
    await routes.library.run()
    await following
    for listener in listeners { try? await listener.close() }
  }
}
