package import ChainModel
package import TraceLog

/// Whether the kernel agrees with the log: the `sample` records of a log, each compared with the state in which the other
/// records show the same thread at the same instant.
///
/// A thread that changes its state during the look, or within `margin` of it, is not compared: either of two states could
/// have been seen, and a thread that has been woken runs for a moment before its record tells so.
///
/// Keys: `samples`, `compared`, `agree`, `moved`, `unknown`, `from_ns` and `to_ns` (of the first and the last sample, from
/// the run's start), `services` (by service, by state: `compared`, `agree`), `peers` (threads blocked in a call:
/// `compared`, `agree`), `reasons` (how often each class of disagreement occurred), `disagreements` (the first ones),
/// `holds`, `verdict` (in words, with the limits), `lost`.
package struct KernelAgreement: Encodable, Sendable {
  /// Keys: `compared`, `agree`.
  package struct Tally: Encodable, Hashable, Sendable {
    package internal(set) var compared = 0
    package internal(set) var agree = 0

    /// 1 when there is nothing to disagree on.
    package var share: Double { compared == 0 ? 1 : Double(agree) / Double(compared) }

    mutating func add(_ agrees: Bool) {
      compared += 1
      agree += agrees ? 1 : 0
    }

    enum CodingKeys: String, CodingKey {
      case compared, agree
    }
  }

  /// What a disagreement looks like, and where it comes from.
  package enum Reason: String, CaseIterable, Sendable {
    case blockedButRunning = "blocked_but_running"
    case idleButRunning = "idle_but_running"
    case runningButAsleep = "running_but_asleep"
    case asleepElsewhere = "asleep_elsewhere"
    case wrongPeer = "wrong_peer"

    /// One sentence.
    package var text: String {
      switch self {
      case .blockedButRunning:
        "blocked in the log, running in the kernel (a wait is recorded just before it begins and just after it ends)"
      case .idleButRunning:
        "idle in the log, running in the kernel (a loop reads before a request has arrived; a woken worker waits for a processor)"
      case .runningButAsleep:
        "running in the log, asleep in the kernel (a short wait that is not recorded, such as for a lock of the process)"
      case .asleepElsewhere: "blocked in the log, asleep in another system call than that wait needs"
      case .wrongPeer: "blocked in a call on a socket of another service than the log names"
      }
    }
  }

  /// Keys: `service`, `thread`, `tid`, `at_ns` (from the run's start), `log` (what it says), `kernel` (what it says),
  /// `reason`.
  package struct Disagreement: Encodable, Hashable, Sendable {
    package var service: String
    package var thread: String
    package var tid: UInt32
    package var at: UInt64
    package var log: String
    package var kernel: String
    package var reason: Reason

    enum CodingKeys: String, CodingKey {
      case service, thread, tid, log, kernel, reason
      case at = "at_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(service, forKey: .service)
      try keys.encode(thread, forKey: .thread)
      try keys.encode(tid, forKey: .tid)
      try keys.encode(at, forKey: .at)
      try keys.encode(log, forKey: .log)
      try keys.encode(kernel, forKey: .kernel)
      try keys.encode(reason.rawValue, forKey: .reason)
    }
  }

  /// In nanoseconds: what a thread may take from being woken to its next record, and from a record to its next sleep.
  package static let margin: UInt64 = 500_000
  package static let disagreementLimit = 1_000
  /// The share of compared samples that must agree on the state.
  package static let requiredShare = 0.99

  /// Names of the states, in the order in which they are shown.
  package static let states = ["idle", "running", "blocked"]

  package internal(set) var samples = 0
  package internal(set) var total = Tally()
  /// Samples of threads that changed their state while they were looked at, or within `margin` of that.
  package internal(set) var moved = 0
  /// Samples of threads that serve no requests, of which the log says nothing: the control port's, the kernel's own.
  package internal(set) var unknown = 0
  package internal(set) var from: UInt64 = 0
  package internal(set) var to: UInt64 = 0
  package internal(set) var services: [ReplicaName: [String: Tally]] = [:]
  /// In which order they are shown.
  var replicas = ReplicaTable([])
  package internal(set) var peers = Tally()
  package internal(set) var reasons: [Reason: Int] = [:]
  package internal(set) var disagreements: [Disagreement] = []
  package let lost: LogLoss

  init(lost: LogLoss) {
    self.lost = lost
  }

  /// - Parameters:
  ///   - snapshot: a log with `sample` records.
  ///   - ports: the service port of each replica of the run.
  ///   - start: samples that were taken before are left out; `Monotonic` nanoseconds.
  package init(_ snapshot: LogSnapshot, ports: [ReplicaName: Int], from start: UInt64 = 0) {
    var comparison = KernelComparison(snapshot, ports: ports, from: start)
    self = comparison.finish()
  }

  /// At least 99 % of the samples agree on the state, and every thread blocked in a call on its peer.
  package var holds: Bool { total.share >= Self.requiredShare && peers.agree == peers.compared }

  private enum CodingKeys: String, CodingKey {
    case samples, compared, agree, moved, unknown, services, peers, reasons, disagreements, holds, verdict, lost
    case from = "from_ns"
    case to = "to_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(samples, forKey: .samples)
    try keys.encode(total.compared, forKey: .compared)
    try keys.encode(total.agree, forKey: .agree)
    try keys.encode(moved, forKey: .moved)
    try keys.encode(unknown, forKey: .unknown)
    try keys.encode(from, forKey: .from)
    try keys.encode(to, forKey: .to)
    try keys.encode(
      Dictionary(uniqueKeysWithValues: services.map { ($0.key.text, $0.value) }), forKey: .services)
    try keys.encode(peers, forKey: .peers)
    try keys.encode(Dictionary(uniqueKeysWithValues: reasons.map { ($0.key.rawValue, $0.value) }), forKey: .reasons)
    try keys.encode(disagreements, forKey: .disagreements)
    try keys.encode(holds, forKey: .holds)
    try keys.encode(verdict, forKey: .verdict)
    try keys.encode(lost, forKey: .lost)
  }
}
