/// Why a thread or a request waits. `idle` (a thread without work) is no cause: it waits for nobody.
package enum WaitCause: UInt8, CaseIterable, Sendable {
  case call = 1
  case connect = 2
  case connectionPool = 3
  case queue = 4
  case database = 5
  case file = 6
  case lock = 7
  case sleep = 8
  case other = 9
  /// Threads that were hired for parts of the same request.
  case join = 10

  /// The cause's name in text, JSON and exports.
  package var name: String {
    switch self {
    case .call: "call"
    case .connect: "connect"
    case .connectionPool: "conn_pool"
    case .queue: "queue"
    case .database: "db"
    case .file: "file"
    case .lock: "lock"
    case .sleep: "sleep"
    case .join: "join"
    case .other: "other"
    }
  }
}

/// How a wait ended.
package enum WaitOutcome: UInt8, CaseIterable, Sendable {
  case ok = 0
  case timeout = 1
  case cancelled = 2
  case error = 3
}

/// What a thread is there for.
package enum ThreadRole: UInt8, CaseIterable, Sendable {
  /// Runs whole requests of the `blocking` model.
  case worker = 1
  /// An event loop of the service port.
  case loop = 2
  /// Makes the blocking calls of the `async` model.
  case hired = 3
  /// Does the store work of the two non-blocking models.
  case store = 4
  case control = 5
  case other = 6

  package var name: String {
    switch self {
    case .worker: "worker"
    case .loop: "loop"
    case .hired: "hired"
    case .store: "store"
    case .control: "control"
    case .other: "other"
    }
  }
}
