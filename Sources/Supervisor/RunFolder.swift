package import ChainModel
import FoundationEssentials
import Glibc
package import Topology
import TraceLog

/// The folder of one run: everything that is known of it, during and after.
///
/// | file | what |
/// |---|---|
/// | `run.json` | `RunRecord`: when, of what, how it ended |
/// | `chain.json` | `ChainState`: processes, ports, restarts |
/// | `scale.json` | `ReplicaWish`: how many replicas a user has asked for |
/// | `services.yaml` | the configuration in force |
/// | `trace.log` | the trace log, once the chain has ended |
/// | `hosts/<host>.log` | copies of the trace logs of other hosts, as they grow |
/// | `<service>.log`, `<service>-<n>.log`, `supervisor.log`, `dashboard.log` | what each process wrote to its outputs |
/// | `load-<n>.json` | results of load |
/// | `data/` | the services' databases and the ledger; those of a further replica in `data/<service>-<n>/` |
package struct RunFolder: Hashable, Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  package var id: String { path.split(separator: "/").last.map(String.init) ?? path }
  package var configurationPath: String { "\(path)/services.yaml" }
  package var dataPath: String { "\(path)/data" }
  package var savedLogPath: String { "\(path)/trace.log" }
  package var hostsPath: String { "\(path)/hosts" }
  package var supervisorLogPath: String { "\(path)/supervisor.log" }
  package func logPath(of service: ServiceName) -> String { logPath(of: ReplicaName(service)) }
  package func logPath(of replica: ReplicaName) -> String { "\(path)/\(replica.text).log" }

  /// A replica has data of its own: equal seeds fill all stores alike, and no two processes write to one ledger.
  func dataPath(of replica: ReplicaName) -> String { replica.isFirst ? dataPath : "\(dataPath)/\(replica.text)" }

  private var recordPath: String { "\(path)/run.json" }
  private var chainPath: String { "\(path)/chain.json" }
  private var wishPath: String { "\(path)/scale.json" }

  var isGone: Bool { access(recordPath, F_OK) != 0 && errno == ENOENT }

  /// Makes the folder anew if it is not there, with what stood in `services.yaml`, and leads `current` to it unless that
  /// leads elsewhere. False when it is there.
  func restore(_ configuration: [UInt8]) throws(SupervisorError) -> Bool {
    guard isGone else { return false }
    let runs = String(path.dropLast(id.count + 1))
    try Folder.makeOwn(runs)
    try Folder.make(path)
    try Folder.make(dataPath)
    try AtomicFile.write(configuration, to: configurationPath)
    if access("\(runs)/current", F_OK) != 0 { try AtomicFile.link("\(runs)/current", to: id) }
    return true
  }

  // MARK: run.json and chain.json

  package func record() throws(SupervisorError) -> RunRecord {
    guard let bytes = try AtomicFile.read(recordPath) else {
      throw .damaged(path: path, reason: "it has no run.json")
    }
    return try Self.decode(RunRecord.self, bytes, recordPath)
  }

  /// What runs or ran; of several hosts it starts only what the run has.
  /// - Throws: `TopologyError`, or `SupervisorError` for the record.
  package func topology() throws -> Topology {
    var topology = try Topology.load(path: configurationPath)
    if let host = try record().host { topology.start(only: host) }
    return topology
  }

  /// Nil until a supervisor has started.
  package func chain() throws(SupervisorError) -> ChainState? {
    guard let bytes = try AtomicFile.read(chainPath) else { return nil }
    return try Self.decode(ChainState.self, bytes, chainPath)
  }

  /// Wishes for nothing where nobody has asked for anything.
  package func wish() throws(SupervisorError) -> ReplicaWish {
    guard let bytes = try AtomicFile.read(wishPath) else { return ReplicaWish() }
    return try Self.decode(ReplicaWish.self, bytes, wishPath)
  }

  package func write(_ wish: ReplicaWish) throws(SupervisorError) {
    try AtomicFile.write(Self.encode(wish), to: wishPath)
  }

  package func write(_ record: RunRecord) throws(SupervisorError) {
    try AtomicFile.write(Self.encode(record), to: recordPath)
  }

  package func write(_ chain: ChainState) throws(SupervisorError) {
    try AtomicFile.write(Self.encode(chain), to: chainPath)
  }

  /// What the run is.
  package func kind() throws(SupervisorError) -> RunRecord.Kind {
    switch try record().origin {
    case RunRecord.simulation: .simulated
    case nil: try phase().isLive ? .live : .ended
    default: .imported
    }
  }

  /// Where the run stands in truth: the phase that was written, or `lost` when whoever wrote it is gone.
  package func phase() throws(SupervisorError) -> ChainPhase {
    guard let chain = try chain() else { return try record().phase }
    guard chain.phase.isLive, !chain.supervisor.identity.isAlive else { return chain.phase }
    // Whoever has gone may have written its last word meanwhile.
    guard let last = try self.chain()?.phase, !last.isLive else { return .lost }
    return last
  }

  // MARK: Results of load

  /// Keeps a result as the next `load-<n>.json`.
  /// - Returns: its path.
  package func saveLoadResult(_ json: [UInt8]) throws(SupervisorError) -> String {
    var number = try loadResults().count + 1
    while try !AtomicFile.create("\(path)/load-\(number).json", json) { number += 1 }
    return "\(path)/load-\(number).json"
  }

  /// Paths, oldest first.
  package func loadResults() throws(SupervisorError) -> [String] {
    try Folder.names(in: path).compactMap { name -> (number: Int, path: String)? in
      guard name.hasPrefix("load-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst(5).dropLast(5)).map { ($0, "\(path)/\(name)") }
    }.sorted { $0.number < $1.number }.map(\.path)
  }

  /// The last line that a process has written to a file of this folder; empty if there is none.
  package static func lastLine(of path: String) -> String {
    guard let bytes = try? AtomicFile.read(path) else { return "" }
    return bytes.suffix(4096).split(separator: UInt8(ascii: "\n"))
      .last { line in line.contains { $0 > 0x20 } }
      .map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  // MARK: JSON

  private static func encode(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("a run's file is not JSON: \(value)") }
    return [UInt8](data) + [UInt8(ascii: "\n")]
  }

  private static func decode<Value: Decodable>(
    _ type: Value.Type, _ bytes: [UInt8], _ path: String
  ) throws(SupervisorError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw .damaged(path: path, reason: "it does not decode as \(type)")
    }
  }
}
