import ChainModel
import ChainTestSupport
import EventLoop
import Glibc
import Logging
import ServiceRuntime
import Testing
import Topology
import TraceLog

/// A gateway in the test's own process, so that it can have routes and handlers of the test's own.
final class OwnRoutesService: Sendable {
  private let log: LogWriter
  private let folder: LoneServiceFolder
  private let process: ServiceProcess

  /// Runs the service for as long as the body takes.
  /// - Parameters:
  ///   - callees: who stands in for the services that it calls.
  ///   - change: what is different from `LoneService.topology`.
  ///   - routes: what it serves; the log is there for handlers that write into it.
  ///   - body: uses the service.
  /// - Throws: what the body throws, and when the service does not become ready.
  static func run(
    callees: [ServiceName: CannedCallee] = [:],
    _ change: (inout ServiceConfiguration) -> Void = { _ in }, routes: (LogWriter) -> [Route],
    body: (OwnRoutesService) async throws -> Void
  ) async throws {
    let topology = LoneService.topology(.gateway, callees: callees.mapValues(\.port), change)
    try await run(topology, resolve: Lookup.system, routes: routes, body: body)
  }

  /// The same, in a chain of which more is to be said, and where `resolve` finds the addresses of callees with names.
  static func run(
    _ topology: Topology, resolve: @escaping Lookup.Resolve, routes: (LogWriter) -> [Route],
    body: (OwnRoutesService) async throws -> Void
  ) async throws {
    let folder = try LoneServiceFolder()
    try LogWriter.create(path: folder.logPath, sizeMiB: 16, runID: "test")
    let service = try OwnRoutesService(topology: topology, folder: folder, resolve: resolve, routes: routes)
    let thread = Thread(service.process)
    defer {
      service.process.stop()
      thread.join()
      service.log.close()
    }
    try #require(await eventually { service.process.ports != nil }, "the service is not ready")
    try await body(service)
  }

  private init(
    topology: Topology, folder: LoneServiceFolder, resolve: @escaping Lookup.Resolve, routes: (LogWriter) -> [Route]
  ) throws {
    self.folder = folder
    log = try LogWriter(path: folder.logPath, name: ServiceName.gateway.rawValue, ownThread: false)
    process = ServiceProcess(
      ReplicaName(.gateway), topology: topology, routes: routes(log), log: log,
      databasePath: "\(folder.path)/none.sqlite",
      logger: Logger(label: "test"), resolve: resolve)
  }

  func get(_ path: String, _ headers: [String] = []) throws -> RawAnswer {
    try RawClient(port: process.ports?.service ?? 0).request(path, headers)
  }

  /// A connection of its own, with a request under way.
  func start(_ path: String) throws -> RawClient {
    let client = try RawClient(port: process.ports?.service ?? 0)
    try client.get(path)
    return client
  }

  func snapshot() throws -> LogSnapshot { try LogReader(path: folder.logPath).snapshot() }

  /// The thread that the service makes its control loop.
  private final class Thread {
    private let process: ServiceProcess
    private var thread = pthread_t()

    init(_ process: ServiceProcess) {
      self.process = process
      let result = pthread_create(
        &thread, nil,
        { argument in
          guard let argument else { return nil }
          let thread = Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue()
          do { try thread.process.run() } catch { Issue.record(error) }
          return nil
        }, Unmanaged.passRetained(self).toOpaque())
      precondition(result == 0, "pthread_create: \(result)")
    }

    func join() { pthread_join(thread, nil) }
  }
}
