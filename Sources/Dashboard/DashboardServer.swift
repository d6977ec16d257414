import NIOCore
import NIOHTTP1
package import NIOPosix
import TraceLog

/// Serves the page on this host alone.
package struct DashboardServer: Sendable {
  private let channel: any Channel
  private let feed: LiveFeed

  /// Where it listens.
  package var port: Int { channel.localAddress?.port ?? 0 }

  /// Begins to listen.
  /// - Parameters:
  ///   - port: on 127.0.0.1.
  ///   - access: to the lab.
  ///   - group: one thread is enough: it only moves bytes.
  /// - Throws: when the port cannot be had.
  package init(port: Int, access: any LabAccess, group: MultiThreadedEventLoopGroup) async throws {
    let routes = PageRoutes(access: access)
    feed = routes.feed
    let users = PeerUsers()
    channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(IdleStateHandler(readTimeout: .seconds(60)))
          try pipeline.addHandler(HTTPResponseEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
          try pipeline.addHandler(HTTPServerPipelineHandler())
          try pipeline.addHandler(PageHandler(routes: routes, users: users))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
  }

  /// Follows the chain until the task is cancelled.
  package func run() async {
    await feed.run()
    try? await channel.close()
  }
}
