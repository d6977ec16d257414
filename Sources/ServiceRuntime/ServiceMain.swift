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

  /// Runs the service until it is told to stop.
  /// - Parameters:
  ///   - name: which of the four.
  ///   - callees: those that its handlers call; `services.yaml` must name them.
  ///   - prepare: makes its stores, if this is the first start, and its routes.
  package static func run(
    _ name: ServiceName, callees: [ServiceName], prepare: (ServiceFolder) throws(CallError) -> [Route]
  ) -> Never {
    // Signals are taken by `Stopping`; blocked here, before any thread is started, they are blocked everywhere.
    Stopping.blockSignals()
    // glibc would reserve 64 MiB of address space for each of up to 16 threads, and hide what stacks reserve.
    chain_limit_malloc_arenas(2)
    LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
    let logger = Logger(label: name.rawValue)
    do {
      try start(name, callees: callees, prepare: prepare, logger: logger)
      exit(Exit.ok.rawValue)
    } catch {
      let failure = error as? Failure ?? Failure(exit: .unavailable, message: "\(error)")
      logger.critical("\(name.rawValue) cannot run: \(failure.message)")
      exit(failure.exit.rawValue)
    }
  }

  private static func start(
    _ name: ServiceName, callees: [ServiceName], prepare: (ServiceFolder) throws(CallError) -> [Route], logger: Logger
  ) throws {
    guard let arguments = ServiceArguments(Array(CommandLine.arguments.dropFirst())) else {
      throw Failure(exit: .usage, message: "expected \(ServiceArguments.usage)")
    }
    let topology = try loadTopology(arguments, name, callees)
    let name = ReplicaName(name, arguments.replica)
    let folder = try makeFolder(arguments.data, name, topology.seed)
    let routes: [Route]
    do { routes = try prepare(folder) } catch { throw Failure(exit: .storage, message: error.row.detail) }
    let log = try arguments.log.flatMap { path throws(Failure) in try join(path, name, logger) }
    try ServiceProcess(
      name, topology: topology, routes: routes, log: log, databasePath: folder.databasePath, logger: logger,
      keepFiles: { folder.keeper.look(logger) }
    ).run()
    log?.close()
  }

  /// Without room in the log, the service goes on without it: it is there to serve.
  private static func join(_ path: String, _ name: ReplicaName, _ logger: Logger) throws(Failure) -> LogWriter? {
    do {
      return try LogWriter(path: path, name: name.text, ownThread: false)
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
    _ arguments: ServiceArguments, _ name: ServiceName, _ callees: [ServiceName]
  ) throws(Failure) -> Topology {
    let path = arguments.config
    var topology: Topology
    do { topology = try Topology.load(path: path) } catch {
      throw Failure(exit: .configuration, message: error.description)
    }
    let missing = callees.filter { !topology[name].callees.contains($0) }
    guard missing.isEmpty else {
      let names = missing.map(\.rawValue).joined(separator: ", ")
      throw Failure(
        exit: .configuration, message: "\(path): services.\(name.rawValue).callees must name \(names), which it calls")
    }
    for index in topology.services.indices where topology.services[index].name == name {
      if let port = arguments.port { topology.services[index].port = port }
      if let port = arguments.controlPort { topology.services[index].controlPort = port }
    }
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
