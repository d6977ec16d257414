package import FoundationEssentials
import Glibc
package import Topology

/// The runs of one root, each in `<root>/runs/<id>/`; `<root>/runs/current` leads to the running or latest one.
package struct RunStore: Hashable, Sendable {
  /// Absolute.
  package let root: String

  package init(root: String) throws(SupervisorError) {
    self.root = try Folder.resolve(root)
  }

  var runsPath: String { "\(root)/runs" }
  private var currentPath: String { "\(runsPath)/current" }

  /// Makes the folder of a new run, with its `run.json` and `services.yaml`.
  /// - Parameters:
  ///   - topology: the chain.
  ///   - name: what the run is found by, besides its id.
  ///   - id: that of the run on another host, of which this is a part; nil: a new one.
  ///   - hosts: those whose agents have a part of it.
  ///   - configuration: the text of `services.yaml` it was made of.
  ///   - executables: paths, by service.
  ///   - versions: by component.
  /// - Returns: the folder, in which no process has written yet.
  /// - Throws: when a folder or file cannot be made.
  package func create(
    topology: Topology, named name: String? = nil, id: String? = nil, hosts: [RunHost] = [], configuration: [UInt8],
    executables: [String: String], versions: [String: String]
  ) throws(SupervisorError) -> RunFolder {
    let (run, now) = try makeFolder(id)
    try Folder.make(run.dataPath)
    try AtomicFile.write(configuration, to: run.configurationPath)
    var record = RunRecord(
      id: run.id, startedAt: now.ISO8601Format(), topology: topology, versions: versions, executables: executables)
    record.name = name
    if !hosts.isEmpty { record.hosts = hosts }
    try run.write(record)
    return run
  }

  /// Makes the folder of a run that no chain of ours made, to be filled with its `trace.log`: it has ended already, and
  /// no `services.yaml` describes it.
  /// - Parameters:
  ///   - origin: where it comes from, for its record.
  ///   - name: what it is found by, besides its id.
  ///   - versions: by component.
  /// - Returns: the folder.
  /// - Throws: when a folder or file cannot be made.
  package func createImported(
    from origin: String, named name: String? = nil, versions: [String: String]
  ) throws(SupervisorError) -> RunFolder {
    let (run, now) = try makeFolder()
    try run.write(
      RunRecord(id: run.id, importedAt: now.ISO8601Format(), origin: origin, name: name, versions: versions))
    return run
  }

  /// Removes a folder that was made for an import which then failed.
  package func discard(_ run: RunFolder) {
    try? FileManager.default.removeItem(atPath: run.path)
  }

  private func makeFolder(_ id: String? = nil) throws(SupervisorError) -> (run: RunFolder, at: Date) {
    try Folder.makeOwn(runsPath)
    if let id {
      let run = RunFolder(path: "\(runsPath)/\(id)")
      if try !Folder.make(run.path) {
        try setAside(run)
        try Folder.make(run.path)
      }
      return (run, Date.now)
    }
    var run: RunFolder
    var now: Date
    repeat {
      now = Date.now
      run = RunFolder(path: "\(runsPath)/\(Self.id(at: now))")
    } while try !Folder.make(run.path)
    return (run, now)
  }

  /// What this host had of a run before it was lost here: it is kept under a name that is no run's.
  private func setAside(_ run: RunFolder) throws(SupervisorError) {
    var number = 1
    while access("\(run.path).\(number)", F_OK) == 0 { number += 1 }
    guard rename(run.path, "\(run.path).\(number)") == 0 else { throw .system(run.path, "rename") }
  }

  /// UTC to the second, and in hex the 65,536th of it: ids sort by time, and two of one moment are not possible, since
  /// a folder can be made only once.
  package static func id(at moment: Date) -> String {
    let seconds = moment.timeIntervalSince1970
    let fraction = Int((seconds - seconds.rounded(.down)) * 65536)
    let digits = String(fraction, radix: 16)
    let day = Date(timeIntervalSince1970: seconds.rounded(.down)).ISO8601Format().dropLast()
    return day.map { $0 == ":" ? "-" : String($0) }.joined() + "-"
      + String(repeating: "0", count: 4 - digits.count) + digits
  }

  /// Whether a run could be called so.
  static func isID(_ text: String) -> Bool {
    text.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f]{4}/) != nil
  }

  /// Oldest first. What is not named like a run is not looked at.
  package func list() throws(SupervisorError) -> [RunFolder] {
    guard access(runsPath, F_OK) == 0 else { return [] }
    return try Folder.names(in: runsPath)
      .filter(Self.isID)
      .sorted()
      .map { RunFolder(path: "\(runsPath)/\($0)") }
  }

  /// Finds a run by its id, by the beginning of exactly one id, by its name (the latest of that name), as `latest`, or as
  /// `newest`. The latest is the chain that runs, else the newest run of a chain: what was simulated or imported since
  /// does not take its place, unless there is nothing else. The newest is of any kind.
  package func find(_ name: String) throws(SupervisorError) -> RunFolder {
    let runs = try list()
    guard let newest = runs.last else { throw .noRuns(root: root) }
    if name == "newest" { return newest }
    if name == "latest" {
      if let current = try current(), (try? current.phase().isLive) == true { return current }
      return runs.last { (try? $0.record())?.origin == nil } ?? newest
    }
    let matches = name.isEmpty ? [] : runs.filter { $0.id.hasPrefix(name) }
    guard let match = matches.first else {
      if !name.isEmpty, let named = runs.last(where: { (try? $0.record())?.name == name }) { return named }
      throw .noSuchRun(name: name, newest: runs.suffix(5).reversed().map(\.id))
    }
    guard matches.count == 1 else { throw .ambiguousRun(name: name, matches: matches.map(\.id)) }
    return match
  }

  /// The running or latest run, if there ever was one.
  package func current() throws(SupervisorError) -> RunFolder? {
    guard let target = realpath(currentPath, nil) else {
      if errno == ENOENT { return nil }
      throw .system(currentPath, "read")
    }
    defer { free(target) }
    return RunFolder(path: String(cString: target))
  }

  /// As if there had been no run: whoever asks an agent is told of none.
  package func forgetCurrent() { unlink(currentPath) }

  package func makeCurrent(_ run: RunFolder) throws(SupervisorError) {
    try AtomicFile.link(currentPath, to: run.id)
  }
}
