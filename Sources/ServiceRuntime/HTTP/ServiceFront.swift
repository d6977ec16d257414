import Topology
import Atomics
import CPlatform
import ChainModel
import NIOCore
import NIOHTTP1
import NIOPosix
import TraceLog

/// The service port: its event loops and its listener.
final class ServiceFront {
  let loops: [LoopContext]
  private let group: MultiThreadedEventLoopGroup
  private let core: ServiceCore
  private var listener: (any Channel)?

  /// Starts the loops. Blocks; not to be called on an event loop.
  init(core: ServiceCore) throws {
    self.core = core
    group = MultiThreadedEventLoopGroup(numberOfThreads: core.configuration.loops)
    let environment = core.environment
    let prefix = core.environment.replica.shortName
    let share = (core.limits.inFlight + core.configuration.loops - 1) / core.configuration.loops
    loops = try group.makeIterator().enumerated().map { number, eventLoop in
      try eventLoop.submit {
        let name = "\(prefix)-l\(number + 1)"
        chain_set_thread_name(name)
        let thread = chain_thread_id()
        let scribe = environment.log?.scribeOfLoop(thread: thread) ?? .silent(thread: thread)
        environment.announceThread(name: name, role: .loop, scribe: scribe)
        return LoopContext(eventLoop: eventLoop, scribe: scribe, mostInFlight: share)
      }.wait()
    }
  }

  /// Binds the port. Blocks; not to be called on an event loop.
  /// - Returns: the port, which the kernel chose if 0 was asked for.
  func listen() throws -> Int {
    let core = core
    let gate = core.configuration.overflow == .backlog ? AcceptGate(core: core) : nil
    let contexts = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(clamping: core.configuration.backlog))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelOption(.maxMessagesPerRead, value: UInt(gate == nil ? 16 : 1))
      .serverChannelOption(.autoRead, value: gate == nil)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(AcceptPause(logger: core.environment.logger))
          if let gate { try pipeline.addHandler(gate) }
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let loop = contexts[ObjectIdentifier(channel.eventLoop)] else { return }
          try Self.configure(channel, core: core, loop: loop, gate: gate)
        }
      }
    let channel = try bootstrap.bind(host: core.configuration.host, port: core.configuration.port).wait()
    listener = channel
    gate?.look()
    return channel.localAddress?.port ?? core.configuration.port
  }

  private static func configure(
    _ channel: any Channel, core: ServiceCore, loop: LoopContext, gate: AcceptGate?
  ) throws {
    let open = core.connections.wrappingIncrementThenLoad(ordering: .relaxed)
    let watch = ByteWatch()
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(watch)
    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
    try pipeline.addHandler(
      ConnectionHandler(
        core: core, loop: loop, socket: ClientSocket(channel), watch: watch, excess: open - core.limits.connections,
        gate: gate))
  }

  /// Accepts no more connections.
  func stopListening() {
    listener?.close(promise: nil)
  }

  /// Ends the loops, and with them every connection. Blocks; not to be called on an event loop.
  func shutDown() {
    try? group.syncShutdownGracefully()
  }
}
