import NIOCore
import NIOHTTP1
package import NIOPosix

/// Serves the page on this host alone.
package struct DashboardServer: Sendable {
  private let channel: any Channel
  private let routes: PageRoutes

  /// Where it listens.
  package var port: Int { channel.localAddress?.port ?? 0 }

  /// Begins to listen.
  /// - Parameters:
  ///   - port: on 127.0.0.1.
  ///   - access: to the lab.
  ///   - group: one thread is enough: it only moves bytes.
  ///   - limits: what it keeps, and whom it waits for.
  /// - Throws: when the port cannot be had.
  package init(
    port: Int, access: any LabAccess, group: MultiThreadedEventLoopGroup, limits: PageLimits = PageLimits()
  ) async throws {
    let routes = PageRoutes(access: access, limits: limits)
    self.routes = routes
    channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // What the kernel keeps for one who does not read.
      .childChannelOption(.socketOption(.so_sndbuf), value: 128 * 1024)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(HTTPResponseEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
          try pipeline.addHandler(HTTPServerPipelineHandler())
          try pipeline.addHandler(PageHandler(routes: routes))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
  }

  /// Follows the chain until the task is cancelled.
  package func run() async {
    async let following: Void = routes.feed.run()
    await routes.library.run()
    await following
    try? await channel.close()
  }
}
