import Topology

/// `run.json`: what a run was made of, and how it ended.
package struct RunRecord: Codable, Hashable, Sendable {
  package var id: String
  /// ISO 8601, UTC.
  package var startedAt: String
  package var endedAt: String?
  package var phase: ChainPhase
  /// Why the chain failed, or what went wrong at its end.
  package var failure: String?
  /// Where the trace log is until it has been saved; nil afterwards, and when `services.yaml` switches it off. It stands in
  /// a folder of its own, whose name nobody can foresee.
  package var log: String?
  package var seed: Seed
  /// By component, as the caller of `up` gave them.
  package var versions: [String: String]
  /// Paths, by service.
  package var executables: [String: String]

  /// Of several hosts, the one whose services it has; nil for all.
  package var host: String?
  /// Where an imported run comes from; nil for one of ours.
  package var origin: String?
  /// What the run is found by, besides its id.
  package var name: String?

  /// The origin of a simulated run.
  package static let simulation = "simulation"

  /// What a run is, for reports.
  package enum Kind: String, Sendable {
    /// Its chain runs.
    case live
    case ended
    case simulated
    case imported
  }

  package struct Seed: Codable, Hashable, Sendable {
    package var value: Int
    package var users: Int
  }

  init(
    id: String, startedAt: String, topology: Topology, versions: [String: String], executables: [String: String]
  ) {
    self.id = id
    self.startedAt = startedAt
    phase = .starting
    let folder = "\(topology.traceLog.directory)/chainlab-\(id)-\(String(UInt64.random(in: 0 ... .max), radix: 16))"
    log = topology.traceLog.enabled ? "\(folder)/trace.log" : nil
    seed = Seed(value: topology.seed.value, users: topology.seed.users)
    self.versions = versions
    self.executables = executables
    host = topology.startedHost
  }

  /// Of a run that no chain of ours made.
  init(id: String, importedAt: String, origin: String, name: String?, versions: [String: String]) {
    self.id = id
    startedAt = importedAt
    endedAt = importedAt
    phase = .ended
    seed = Seed(value: 0, users: 0)
    self.versions = versions
    executables = [:]
    self.origin = origin
    self.name = name
  }

  enum CodingKeys: String, CodingKey {
    case id, phase, failure, log, seed, versions, executables, host, origin, name
    case startedAt = "started_at"
    case endedAt = "ended_at"
  }
}
