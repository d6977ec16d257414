import ArgumentParser
import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Topology
import TraceLog

/// Why a verb cannot work here.
enum LabError: Error, CustomStringConvertible {
  /// Why a run has no log.
  static func withoutLog(_ run: RunFolder) -> LabError {
    guard let origin = try? run.record().origin else { return .noLog(run: run.id) }
    return .cutOff(run: run.id, origin: origin)
  }

  case notRunning
  case noLog(run: String)
  case cutOff(run: String, origin: String)
  case noThreads(run: String)
  case noSuchService(String, among: [String])
  case noSuchCall(String, String)
  case noSuchTrace(String)
  case ambiguousTrace(String, [String])
  case noMatch(String)
  case noSamples
  case pageNotServed(Int, TakenPort.Reason)
  case damagedCosts(path: String)
  case notMeasured(run: String, origin: String)
  case noLoad(run: String)
  case unknownPaths(run: String, load: Int, paths: [String])
  case loadTooLong(run: String, load: Int, requests: Int, most: Int)

  var exitCode: Supervisor.ExitCode {
    switch self {
    case .notRunning: .notRunning
    case .noLog, .cutOff, .damagedCosts: .storage
    case .noSuchService, .noSuchCall: .usage
    case .noThreads, .noSuchTrace, .noMatch, .noSamples: .nothingFound
    case .ambiguousTrace: .usage
    case .notMeasured, .noLoad, .unknownPaths, .loadTooLong: .failed
    case .pageNotServed(_, let reason): reason.isTaken ? .portInUse : .failed
    }
  }

  var description: String {
    switch self {
    case .notRunning: "the chain is not running; start it with: \(CommandHint("up"))"
    case .noLog(let run): "run \(run) was traced nowhere: trace_log.enabled was false in its services.yaml"
    case .cutOff(let run, let origin):
      "run \(run) has no log: \(origin == RunRecord.simulation ? "its simulation" : "its import from \(origin)") was "
        + "cut off before it was complete; do that again, or name another run (see: \(CommandHint("runs")))"
    case .noThreads(let run):
      "run \(run) needs threads for this, which the file that it was imported from does not tell; see: "
        + "\(CommandHint("cascade"))"
    case .noSuchService(let name, let names):
      Typo.unknown(
        "service", name, among: ["all"] + names,
        expected:
          "all, one of \(names.joined(separator: ", ")), a pattern such as '\(names.first?.prefix(1) ?? "")*', or a replica "
          + "that runs, such as \(names.last ?? "service")-2")
    case .noSuchCall(let caller, let callee):
      (callee == "all" ? "\(caller) calls no other service" : "\(caller) calls no \(callee)")
        + ": expected a service and one that it calls; see: \(CommandHint("policy all all"))"
    case .noSuchTrace(let id):
      "no trace in the log has an id that begins with '\(id)'; see: \(CommandHint("trace list"))"
    case .ambiguousTrace(let id, let matches):
      "'\(id)' is the beginning of more than one trace: \(matches.joined(separator: ", ")); add more of the id"
    case .noMatch(let what): what
    case .pageNotServed(let port, let reason):
      "the page cannot be served on port \(port): \(reason.text); choose another port with --port"
    case .damagedCosts(let path):
      "\(path) is not what chainlab writes: expected costs of 0 to 1 s by IO model; measure them again with: "
        + "\(CommandHint("predict --calibrate"))"
    case .notMeasured(let run, let origin):
      "run \(run) comes from \(origin), expected one of a chain that ran, with its services.yaml and load; "
        + "see: \(CommandHint("runs"))"
    case .noLoad(let run):
      "run \(run) keeps no load, expected at least one; send one with: \(CommandHint("load --rate 50 --duration 10s"))"
    case .unknownPaths(let run, let load, let paths):
      "run \(run), load \(load) cannot be simulated: found \(paths.joined(separator: ", ")), expected paths that its "
        + "services.yaml describes"
    case .loadTooLong(let run, let load, let requests, let most):
      "run \(run), load \(load) cannot be simulated: found \(requests) requests, expected fewer than \(most)"
    case .noSamples:
      "the log holds no samples of the kernel's view, which a running chain alone has; take some with: "
        + "\(CommandHint("verify --for 10s"))"
    }
  }
}

/// Where the lab is: its root folder, its configuration, its executables.
struct Lab: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder with services.yaml and runs/; by default $CHAINLAB_ROOT, or the nearest folder above that has them.",
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

  /// The system that runs; what `up` would start if none does.
  func topology() throws -> Topology {
    try Topology.load(path: (try? launcher().chain())?.run.configurationPath ?? "\(folder)/services.yaml")
  }

  /// Refuses what no service or replica is called, whether a chain runs or not.
  func expectService(_ name: String) throws {
    guard name != "all", let names = try? topology().names else { return }
    let isMeant = ReplicaName(name, of: names) != nil || names.contains { Topology.matches($0.rawValue, name) }
    guard isMeant else { throw ValidationError("\(LabError.noSuchService(name, among: names.map(\.rawValue)))") }
  }

  /// The control ports of one replica, of all replicas of a service or of those that a pattern means or, for `all`, of
  /// everything.
  func controls(_ name: String) throws -> [ControlClient] {
    let services = try chain().state.services
    // The name of a service is that of its first replica as well, and means them all.
    let meant = services.filter {
      name == "all" || Topology.matches($0.name.rawValue, name) || $0.replica.text == name
    }
    guard !meant.isEmpty else {
      var names: [String] = []
      for service in services where !names.contains(service.name.rawValue) { names.append(service.name.rawValue) }
      throw LabError.noSuchService(name, among: names)
    }
    return meant.map { ControlClient($0.replica, port: $0.controlPort) }
  }
}

/// `--run`, for every verb that reads a log.
struct RunChoice: ParsableArguments {
  @OptionGroup var lab: Lab

  @Option(
    help: ArgumentHelp(
      "Which run: its name, the beginning of its id, latest (the chain that runs, else the newest run of a chain), or newest (also simulated and imported).",
      valueName: "id"))
  var run = "latest"

  func folder() throws -> RunFolder { try RunStore(root: lab.folder).find(run) }

  /// The run's log, live or kept.
  func reader() throws -> LogReader {
    let run = try folder()
    guard let path = try run.logPath() else { throw LabError.withoutLog(run) }
    return try LogReader(path: path)
  }

  func snapshot() throws -> LogSnapshot { try reader().snapshot() }

  /// The first line of a report: which run it is of, what that is, and what of it is told.
  func title(_ window: String) throws -> String {
    let run = try folder()
    let name = try run.record().name.map { " \(PlainText.clean($0))" } ?? ""
    return "run \(run.id)\(name) (\(try run.kind().rawValue)), \(window)"
  }
}
