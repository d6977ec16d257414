package import ChainModel
package import TraceLog

/// A stack dump across processes: what every thread of the chain does at one moment, whom it waits for, and whom that
/// one waits for in turn. Made from the log alone, so it works on a chain that hangs or is dead.
///
/// JSON keys are given with each value. Times are nanoseconds; moments count from the run's start.
package struct ThreadDump: Encodable, Sendable {
  /// `run_id`
  package var runID: String
  /// `taken_at_ns`
  package var takenAt: UInt64
  /// `services`: in chain order, the process of each that attached last.
  package var services: [Service]
  /// `deaths`: every process that died, also those that another has replaced since.
  package var deaths: [Death]
  /// `complete_since_ns`: what began before this moment may have ended in a record that is lost.
  package var completeSince: UInt64
  /// `lost`: what the log does not hold.
  package var lost: LogLoss
  /// `misfits`: records that did not fit to those before them.
  package var misfits: Int

  /// What a thread, or a request without one, waits for. Keys: those of its first `WaitHop`, and `awaited`, `chain`.
  package struct Waiter: Encodable, Sendable {
    package var hop: WaitHop
    /// `awaited`: whether an open call of another service waits for it.
    package var isAwaited: Bool
    /// `chain`: the waiter itself, then link by link whom it waits for, down to the last. Empty for an idle thread.
    package var chain: [WaitHop]
    /// Whether its chain is part of no other's that stands before it in the dump.
    var isRoot = false

    private enum CodingKeys: String, CodingKey {
      case chain
      case isAwaited = "awaited"
    }

    package func encode(to encoder: any Encoder) throws {
      try hop.encode(to: encoder)
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(isAwaited, forKey: .isAwaited)
      try keys.encode(chain, forKey: .chain)
    }
  }

  /// Threads of one role: `role`, `threads`, `idle`, `running`, `blocked`.
  package struct Pool: Encodable, Hashable, Sendable {
    package var role: String
    package var threads = 0
    package var idle = 0
    package var running = 0
    package var blocked = 0

    init(_ role: ThreadRole) {
      self.role = role.name
    }
  }

  /// `service`, `pid`, `state` (running, stopped, died), `model`, `threads_by_state` (of the pool in use), `pools`,
  /// `queued`, `queue_limit`, `suspended`, `faults`, `threads`, `requests`.
  package struct Service: Encodable, Sendable {
    package var service: String
    package var pid: UInt32
    package var state: String
    /// The IO model for requests that arrive now.
    package var model: IOModel?
    /// The threads that requests of this model run on or wait in: workers, hired threads or loops.
    package var threadsByState: Pool
    /// All roles that have threads.
    package var pools: [Pool]
    /// Requests in the queue.
    package var queued: Int
    package var queueLimit: UInt64?
    /// Requests that wait without a thread of their own; those for whom a helper thread waits are not among them.
    package var suspended: Int
    package var faults: [String]
    package var threads: [Waiter]
    /// The suspended ones.
    package var requests: [Waiter]

    enum CodingKeys: String, CodingKey {
      case service, pid, state, model, pools, queued, suspended, faults, threads, requests
      case threadsByState = "threads_by_state"
      case queueLimit = "queue_limit"
    }
  }

  /// `service`, `pid`, `exit`, `ago_ns`, `replaced`, `waiters`.
  package struct Death: Encodable, Sendable {
    package var service: String
    package var pid: UInt32
    /// How it ended, if the supervisor saw it.
    package var exit: String?
    package var ago: UInt64?
    /// Whether another process of the service has come since.
    package var isReplaced: Bool
    /// What was running or waiting at that moment.
    package var waiters: [Waiter]

    enum CodingKeys: String, CodingKey {
      case service, pid, exit, waiters
      case ago = "ago_ns"
      case isReplaced = "replaced"
    }
  }

  enum CodingKeys: String, CodingKey {
    case services, deaths, lost, misfits
    case runID = "run_id"
    case takenAt = "taken_at_ns"
    case completeSince = "complete_since_ns"
  }

  package init(_ snapshot: LogSnapshot) {
    self = ThreadDumpBuilder(snapshot).dump()
  }

  init(
    runID: String, takenAt: UInt64, services: [Service], deaths: [Death], completeSince: UInt64, lost: LogLoss,
    misfits: Int
  ) {
    self.runID = runID
    self.takenAt = takenAt
    self.services = services
    self.deaths = deaths
    self.completeSince = completeSince
    self.lost = lost
    self.misfits = misfits
  }
}
