import ChainModel
import TraceLog

/// The ids of all texts that this service writes into the log. Each comes from a bounded set.
final class Names: Sendable {
  private let log: LogWriter?
  private let routes: [UInt32]

  let userKey: UInt32
  /// The wait between two attempts at a call.
  let backoff: UInt32

  init(log: LogWriter?, routes: [Route]) {
    self.log = log
    self.routes = routes.map { log?.intern($0.name) ?? 0 }
    userKey = log?.intern("user") ?? 0
    backoff = log?.intern("retry back-off") ?? 0
  }

  /// Of any text; takes a lock.
  func id(_ text: String) -> UInt32 { log?.intern(text) ?? 0 }

  func route(_ index: Int) -> UInt32 { routes[index] }
}
