import ArgumentParser
import ChainModel
import Experiments
import FoundationEssentials
import Glibc
import Supervisor
import Topology
import TraceLog

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

  /// The same, for whoever works with it.
  var place: LabFolder { LabFolder(folder) }

  func launcher() throws -> ChainLauncher { try place.launcher() }

  func chain() throws -> ChainLauncher.Chain { try place.chain() }

  func topology() throws -> Topology { try place.topology() }

  /// Refuses what no service or replica is called and what takes no orders, whether a chain runs or not.
  func expectService(_ name: String) throws {
    guard let topology = try? topology() else { return }
    let services = topology.services
    let names = services.map(\.name)
    let meant = services.filter { Topology.matches($0.name.rawValue, name) }
    guard !meant.isEmpty || ReplicaName(name, of: names) != nil else {
      throw ValidationError("\(LabError.noSuchService(name, among: names.map(\.rawValue)))")
    }
    if let first = meant.first, !meant.contains(where: topology.isStarted) {
      throw ValidationError("\(LabError.notStarted(first))")
    }
  }

  /// The control ports of one replica, of all replicas of a service or of those that a pattern means or, for `all`, of
  /// everything.
  func controls(_ name: String) throws -> [ControlClient] {
    let services = try chain().state.services
    // The name of a service is that of its first replica as well, and means them all.
    let meant = services.filter { Topology.matches($0.name.rawValue, name) || $0.replica.text == name }
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
    guard let reader = try run.reader() else { throw LabError.withoutLog(run) }
    return reader
  }

  func snapshot() throws -> LogSnapshot { try reader().snapshot() }

  /// The first line of a report: which run it is of, what that is, and what of it is told.
  func title(_ window: String) throws -> String {
    let run = try folder()
    let name = try run.record().name.map { " \(PlainText.clean($0))" } ?? ""
    return "run \(run.id)\(name) (\(try run.kind().rawValue)), \(window)"
  }
}
