import ArgumentParser
import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Topology
import TraceLog

/// Why a verb cannot work here.
enum LabError: Error, CustomStringConvertible {
  case notRunning
  case noLog(run: String)
  case noThreads(run: String)
  case noSuchService(String)
  case noSuchCall(String, String)
  case noSuchTrace(String)
  case noSamples
  case pagePortTaken(Int, reason: String)
  case damagedCosts(path: String)
  case notMeasured(run: String, origin: String)
  case noLoad(run: String)
  case unknownPaths(run: String, load: Int, paths: [String])
  case loadTooLong(run: String, load: Int, requests: Int, most: Int)

  var exitCode: Supervisor.ExitCode {
    switch self {
    case .notRunning: .notRunning
    case .noLog, .damagedCosts: .storage
    case .noSuchService, .noSuchCall: .usage
    case .noThreads, .noSuchTrace, .noSamples, .notMeasured, .noLoad, .unknownPaths, .loadTooLong: .failed
    case .pagePortTaken: .portInUse
    }
  }

  var description: String {
    switch self {
    case .notRunning: "the chain is not running; start it with: make up"
    case .noLog(let run): "run \(run) was traced nowhere: trace_log.enabled was false in its services.yaml"
    case .noThreads(let run):
      "run \(run) needs threads for this, which the file that it was imported from does not tell; see: chainlab cascade"
    case .noSuchService(let name):
      "unknown service '\(name)': expected all, one of \(ServiceName.allCases.map(\.rawValue).joined(separator: ", ")), "
        + "or a replica that runs, like payment-service-2"
    case .noSuchCall(let caller, let callee):
      "\(caller) calls no \(callee): expected a service and one that it calls; see: chainlab policy all all"
    case .noSuchTrace(let id): "the log holds no trace '\(id)', or more than one; see: chainlab trace list"
    case .pagePortTaken(let port, let reason):
      "the page cannot be served on port \(port): \(reason); choose another with --port"
    case .damagedCosts(let path):
      "\(path) is not what chainlab writes: expected costs of 0 to 1 s by IO model; measure them again with: "
        + "chainlab predict --calibrate"
    case .notMeasured(let run, let origin):
      "run \(run) comes from \(origin), expected one of a chain that ran, with its services.yaml and load; "
        + "see: chainlab runs list"
    case .noLoad(let run):
      "run \(run) keeps no load, expected at least one; send one with: chainlab load --rate 50 --duration 10s"
    case .unknownPaths(let run, let load, let paths):
      "run \(run), load \(load) cannot be simulated: found \(paths.joined(separator: ", ")), expected one of "
        + "/users/{username}/payment-status, /orchestrated/users/{username}/payment-status, /ping"
    case .loadTooLong(let run, let load, let requests, let most):
      "run \(run), load \(load) cannot be simulated: found \(requests) requests, expected fewer than \(most)"
    case .noSamples: "the log holds no samples of the kernel's view; take some with: chainlab verify --for 10s"
    }
  }
}

/// Where the lab is: its root folder, its configuration, its executables.
struct Lab: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder that holds services.yaml and runs/. Default: $CHAINLAB_ROOT, or the nearest one upwards from here.",
      valueName: "folder"))
  var root: String?

  /// The nearest folder upwards that holds a `services.yaml`; this one if none does.
  var folder: String {
    if let root { return root }
    if let root = getenv("CHAINLAB_ROOT").map({ String(cString: $0) }), !root.isEmpty { return root }
    let here = FileManager.default.currentDirectoryPath
    var folder = here
    while access("\(folder)/services.yaml", F_OK) != 0 {
      guard let slash = folder.lastIndex(of: "/"), slash != folder.startIndex else { return here }
      folder = String(folder[..<slash])
    }
    return folder
  }

  /// The folder of this program, which is that of the services.
  static var binaries: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  func launcher() throws -> ChainLauncher { try ChainLauncher(root: folder, binaries: Self.binaries) }

  /// The chain that runs now.
  func chain() throws -> ChainLauncher.Chain {
    guard let chain = try launcher().chain() else { throw LabError.notRunning }
    return chain
  }

  /// The control ports of one replica, of all replicas of a service or, for `all`, of everything.
  func controls(_ name: String) throws -> [ControlClient] {
    let services = try chain().state.services
    // The name of a service is that of its first replica as well, and means them all.
    let meant = services.filter { name == "all" || $0.name.rawValue == name || $0.replica.text == name }
    guard !meant.isEmpty else { throw LabError.noSuchService(name) }
    return meant.map { ControlClient($0.replica, port: $0.controlPort) }
  }
}

/// `--run`, for every verb that reads a log.
struct RunChoice: ParsableArguments {
  @OptionGroup var lab: Lab

  @Option(help: ArgumentHelp("The run: the beginning of its id, or latest.", valueName: "id"))
  var run = "latest"

  func folder() throws -> RunFolder { try RunStore(root: lab.folder).find(run) }

  /// The run's log, live or kept.
  func reader() throws -> LogReader {
    let run = try folder()
    guard let path = try run.logPath() else { throw LabError.noLog(run: run.id) }
    return try LogReader(path: path)
  }

  func snapshot() throws -> LogSnapshot { try reader().snapshot() }
}
