import CPlatform
package import ChainModel
import FoundationEssentials
import Glibc
import Logging
package import Topology
import TraceLog

/// Where a service finds what it owns.
package struct ServiceFolder: Sendable {
  /// For its files; exists.
  package let path: String
  package let databasePath: String
  package let seed: SeedConfiguration
  /// Looks after the files.
  package let keeper = FileKeeper()

  package init(path: String, databasePath: String, seed: SeedConfiguration) {
    (self.path, self.databasePath, self.seed) = (path, databasePath, seed)
  }
}

/// A service process from its command line to its end.
package enum ServiceMain {
  /// Exit codes, as in `sysexits.h`.
  enum Exit: Int32 {
    case ok = 0
    case usage = 64
    /// A port is taken, or the log cannot be joined.
    case unavailable = 69
    /// A folder or file cannot be written.
    case storage = 74
    case configuration = 78
  }

  private struct Failure: Error {
    var exit: Exit
    var message: String
  }

  /// Why the routes could not be made.
  package typealias PreparationError = CallError

  /// Runs a service with code of its own until it is told to stop.
  /// - Parameter prepare: makes its stores, if this is the first start, and its routes.
  package static func run(prepare: (ServiceFolder) throws(PreparationError) -> [Route]) -> Never {
    run { _, _, folder throws(CallError) in try prepare(folder) }
  }

  /// Runs any service of a description, without code of its own.
  package static func play() -> Never {
    run { name, topology, folder throws(CallError) in
      try PlayedService.routes(of: name, in: topology, folder: folder)
    }
  }

  private typealias Preparation = (ServiceName, Topology, ServiceFolder) throws(CallError) -> [Route]

  private static func run(_ prepare: Preparation) -> Never {
    // Signals are taken by `Stopping`; blocked here, before any thread is started, they are blocked everywhere.
    Stopping.blockSignals()
    // glibc would reserve 64 MiB of address space for each of up to 16 threads, and hide what stacks reserve.
    chain_limit_malloc_arenas(2)
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    let arguments = ServiceArguments(Array(CommandLine.arguments.dropFirst()))
    let name = arguments?.service ?? "service"
    let logger = Logger(label: name)
    do {
      guard let arguments else { throw Failure(exit: .usage, message: "expected \(ServiceArguments.usage)") }
      try start(arguments, prepare, logger)
      exit(Exit.ok.rawValue)
    } catch {
      let failure = error as? Failure ?? Failure(exit: .unavailable, message: "\(error)")
      logger.critical("\(name) cannot run: \(failure.message)")
      exit(failure.exit.rawValue)
    }
  }

  private static func start(_ arguments: ServiceArguments, _ prepare: Preparation, _ logger: Logger) throws {
    let service = ServiceName(arguments.service)
    let topology = try loadTopology(arguments, service)
    let name = ReplicaName(service, arguments.replica)
    let folder = try makeFolder(arguments.data, name, topology.seed)
    let routes: [Route]
    do { routes = try prepare(service, topology, folder) } catch {
      throw Failure(exit: .storage, message: error.row.detail)
    }
    try compare(routes, service, topology, arguments.config)
    let place = topology.index(of: service).map { ServicePlace(order: $0, number: arguments.replica) }
    let log = try arguments.log.flatMap { path throws(Failure) in try join(path, name, place, logger) }
    try ServiceProcess(
      name, topology: topology, routes: routes, log: log, databasePath: folder.databasePath, logger: logger,
      keepFiles: { folder.keeper.look(logger) }
    ).run()
    log?.close()
  }

  /// What the code serves is what the description says: it is simulated by that.
  private static func compare(
    _ routes: [Route], _ name: ServiceName, _ topology: Topology, _ path: String
  ) throws(Failure) {
    let service = topology[name]
    let described = Set(service.routes.map(\.name)).subtracting([Topology.ping])
    let served = Set(routes.map(\.name)).subtracting([Topology.ping])
    let undescribed = routes.flatMap { route in
      let calls = service.routes.filter { $0.name == route.name }.flatMap(\.calls)
      let known = calls.map { topology.services[$0.service].name }
      return route.callees.filter { !known.contains($0) }.map { "\(route.name) calls \($0), and its steps do not" }
    }
    guard described != served || !undescribed.isEmpty else { return }
    let missing = served.subtracting(described).sorted().map { "\($0) is served and not described" }
    let extra = described.subtracting(served).sorted().map { "\($0) is described and not served" }
    throw Failure(
      exit: .configuration,
      message: "\(path): services.\(service.name.rawValue).routes: found other routes than its code serves: "
        + (missing + extra + undescribed).joined(separator: ", "))
  }

  /// Without room in the log, the service goes on without it: it is there to serve.
  private static func join(
    _ path: String, _ name: ReplicaName, _ place: ServicePlace?, _ logger: Logger
  ) throws(Failure) -> LogWriter? {
    do {
      return try LogWriter(path: path, name: name.text, place: place, ownThread: false)
    } catch {
      switch error {
      case .noProcessSlot, .noSpace:
        logger.error("nothing of this process is traced", metadata: ["error": "\(error)"])
        return nil
      default: throw Failure(exit: .unavailable, message: error.description)
      }
    }
  }

  private static func loadTopology(
    _ arguments: ServiceArguments, _ name: ServiceName
  ) throws(Failure) -> Topology {
    var topology: Topology
    do { topology = try Topology.load(path: arguments.config) } catch {
      throw Failure(exit: .configuration, message: error.description)
    }
    guard topology.index(of: name) != nil else {
      let names = topology.names.map(\.rawValue).joined(separator: ", ")
      throw Failure(
        exit: .configuration,
        message: "\(arguments.config): found no service \(name.rawValue), expected one of \(names)")
    }
    if let port = arguments.port { topology[name].port = port }
    if let port = arguments.controlPort { topology[name].controlPort = port }
    return topology
  }

  private static func makeFolder(
    _ path: String, _ name: ReplicaName, _ seed: SeedConfiguration
  ) throws(Failure) -> ServiceFolder {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw Failure(exit: .storage, message: "cannot make the data folder \(path): \(error)")
    }
    // Whether it can be written to is asked by those who write: on a disk that has turned read-only, a service that has
    // all it needs starts again.
    return ServiceFolder(path: path, databasePath: "\(path)/\(name.text).sqlite", seed: seed)
  }
}
