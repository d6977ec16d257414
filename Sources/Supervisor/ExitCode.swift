/// What `chainlab` tells the shell. A number has one meaning, whatever the verb.
package enum ExitCode: Int32, CaseIterable, Codable, Sendable {
  case ok = 0
  case failed = 1
  case notRunning = 3
  case alreadyRunning = 4
  case portInUse = 5
  case configuration = 6
  case notReady = 7
  case unreachable = 8
  case refused = 9
  case noSuchRun = 10
  case storage = 11
  case nothingFound = 12
  case usage = 64
  case interrupted = 130

  /// For `--help` and the README.
  package var meaning: String {
    switch self {
    case .ok: "done"
    case .failed: "it failed, for a reason without a number of its own"
    case .notRunning: "the chain is not running"
    case .alreadyRunning: "the chain is running already, with another configuration"
    case .portInUse: "a port that the chain needs is taken"
    case .configuration: "services.yaml is wrong"
    case .notReady: "a service did not become ready"
    case .unreachable: "a service's control port, an agent or a collector did not answer"
    case .refused: "a service or an agent refused the request, or a file is not what it should be"
    case .noSuchRun: "there is no such run"
    case .storage: "a folder or file is missing, unwritable, full or damaged"
    case .nothingFound: "nothing matches the request"
    case .usage: "the command line is wrong"
    case .interrupted: "interrupted by Ctrl-C before it was done"
    }
  }
}
