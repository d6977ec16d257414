/// `PUT /mode`.
package struct ModeChange: Settings {
  package var mode = IOModel.blocking

  package init() {}

  package init(_ mode: IOModel) { self.mode = mode }

  package static let table = KeyTable<ModeChange>([
    Key(
      "mode", .choice, otherwise: "as it is", "How the service waits; no request is dropped.", get: { $0.mode },
      set: { $0.mode = $1 })
  ])
}

/// `PUT /pool`. What is left out stays as it is.
package struct PoolChange: Hashable, Settings {
  package var threads: Int?
  package var queue: Int?

  package static let threadRange = 1...4096
  package static let queueRange = 0...100_000

  package init() {}

  package init(threads: Int? = nil, queue: Int? = nil) {
    self.threads = threads
    self.queue = queue
  }

  package static let table = KeyTable<PoolChange>([
    Key(
      "threads", optional: \.threads, .integer(threadRange, like: "8"), otherwise: "as it is",
      "Worker threads, each held by one request at a time."),
    Key(
      "queue", optional: \.queue, .integer(queueRange, unit: "requests", like: "16"), otherwise: "as it is",
      "How many requests may wait for a worker thread."),
  ])
}

/// `PUT /callees`: by callee, where its replicas listen, the first replica first; nil for one that is not to be called.
package typealias CalleeLists = [String: [Endpoint?]]

/// One of `GET /callees`, which answers with a list of them by callee.
package struct CalleeReplica: Codable, Hashable, Sendable {
  package var replica: Int
  package var address: Endpoint
  /// False: it is not called any more, and has calls in flight.
  package var isCalled: Bool
  /// Calls from the service asked that have chosen this replica and have not ended.
  package var inFlight: Int

  package init(replica: Int, address: Endpoint, isCalled: Bool, inFlight: Int) {
    self.replica = replica
    self.address = address
    self.isCalled = isCalled
    self.inFlight = inFlight
  }

  enum CodingKeys: String, CodingKey {
    case replica, address
    case isCalled = "called"
    case inFlight = "in_flight"
  }
}

/// `GET /status`: what a service says of itself.
package struct ServiceStatus: Codable, Hashable, Sendable {
  package var service: String
  package var pid: Int
  package var mode: IOModel
  package var uptimeMs: Double
  package var pool: Pool
  package var inFlight: Int
  package var connections: Int
  package var limits: Limits
  package var threads: Threads
  package var memory: Memory
  package var faults: [String]
  /// What calls to each callee are held to, as `CallPolicy.text`.
  package var policies: [String: String]
  /// Where the circuit breaker before a callee stands, where there is one: `BreakerState.name`.
  package var breakers: [String: String]
  package var admission: Admission
  package var log: Log

  package struct Pool: Codable, Hashable, Sendable {
    /// As configured or set; the threads exist only while the model needs them.
    package var threads: Int
    package var running: Int
    package var busy: Int
    package var queued: Int
    package var queueLimit: Int
    package var overflow: String

    package init(threads: Int, running: Int, busy: Int, queued: Int, queueLimit: Int, overflow: String) {
      self.threads = threads
      self.running = running
      self.busy = busy
      self.queued = queued
      self.queueLimit = queueLimit
      self.overflow = overflow
    }

    enum CodingKeys: String, CodingKey {
      case threads, running, busy, queued, overflow
      case queueLimit = "queue_limit"
    }
  }

  package struct Limits: Codable, Hashable, Sendable {
    /// How many requests may be in flight now.
    package var inFlight: Int
    /// By which rule, as `InFlightLimit` has it.
    package var rule: String
    /// Whether `inFlight` is what overload has made of an adaptive limit.
    package var isShedding: Bool
    package var connections: Int
    package var descriptors: Int

    package init(inFlight: Int, rule: String, isShedding: Bool = false, connections: Int, descriptors: Int) {
      self.inFlight = inFlight
      self.rule = rule
      self.isShedding = isShedding
      self.connections = connections
      self.descriptors = descriptors
    }

    enum CodingKeys: String, CodingKey {
      case inFlight = "in_flight_limit"
      case rule = "in_flight_rule"
      case isShedding = "shedding"
      case connections = "connection_limit"
      case descriptors = "descriptor_limit"
    }
  }

  /// Counts by role, and all threads of the process as the kernel counts them.
  package struct Threads: Codable, Hashable, Sendable {
    package var total: Int
    package var workers: Int
    package var loops: Int
    package var hired: Int
    package var store: Int
    package var control: Int

    package init(total: Int, workers: Int, loops: Int, hired: Int, store: Int, control: Int) {
      self.total = total
      self.workers = workers
      self.loops = loops
      self.hired = hired
      self.store = store
      self.control = control
    }
  }

  /// `/proc/self/status`, in bytes.
  package struct Memory: Codable, Hashable, Sendable {
    /// `VmSize`: address space, stacks included, used or not.
    package var virtual: Int
    /// `VmRSS`: memory in use.
    package var resident: Int
    /// The stacks of the service's own threads within `virtual`.
    package var stacks: Int

    package init(virtual: Int, resident: Int, stacks: Int) {
      self.virtual = virtual
      self.resident = resident
      self.stacks = stacks
    }

    enum CodingKeys: String, CodingKey {
      case virtual = "virtual_bytes"
      case resident = "resident_bytes"
      case stacks = "stack_bytes"
    }
  }

  /// The rules that can be changed while it runs; the limit of requests in flight is among the limits.
  package struct Admission: Codable, Hashable, Sendable {
    package var minRemainingMs: Double
    package var leave: LeaveRule

    package init(minRemainingMs: Double = 0, leave: LeaveRule = .cancel) {
      self.minRemainingMs = minRemainingMs
      self.leave = leave
    }

    enum CodingKeys: String, CodingKey {
      case leave
      case minRemainingMs = "min_remaining_ms"
    }
  }

  package struct Log: Codable, Hashable, Sendable {
    package var dropped: Int

    package init(dropped: Int) {
      self.dropped = dropped
    }

    enum CodingKeys: String, CodingKey {
      case dropped = "lost_records"
    }
  }

  package init(
    service: String, pid: Int, mode: IOModel, uptimeMs: Double, pool: Pool, inFlight: Int, connections: Int,
    limits: Limits, threads: Threads, memory: Memory, faults: [String], policies: [String: String] = [:],
    breakers: [String: String] = [:], admission: Admission = Admission(), log: Log
  ) {
    self.service = service
    self.pid = pid
    self.mode = mode
    self.uptimeMs = uptimeMs
    self.pool = pool
    self.inFlight = inFlight
    self.connections = connections
    self.limits = limits
    self.threads = threads
    self.memory = memory
    self.faults = faults
    self.policies = policies
    self.breakers = breakers
    self.admission = admission
    self.log = log
  }

  enum CodingKeys: String, CodingKey {
    case service, pid, pool, connections, limits, threads, memory, faults, policies, breakers, admission, log
    case mode = "model"
    case uptimeMs = "uptime_ms"
    case inFlight = "in_flight"
  }
}
