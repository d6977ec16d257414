import ChainModel

extension WaitCause {
  /// What somebody who waits for this does, in words.
  func words(_ target: String) -> String {
    switch self {
    case .call: "calling \(target)"
    case .connect: "connecting to \(target)"
    case .connectionPool: "waiting for a connection to \(target)"
    case .sleep: target.isEmpty ? "sleep" : "sleep (\(target))"
    case .other: "waiting for \(target)"
    case .join: "joining \(target)"
    case .queue, .database, .file, .lock: target.isEmpty ? name : "\(name) \(target)"
    }
  }
}
