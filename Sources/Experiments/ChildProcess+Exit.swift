import Supervisor

extension ChildProcess {
  /// Waits for its end.
  /// - Returns: what it exited with; 1 if a signal ended it.
  func exitCode() async -> Int {
    while true {
      if let end = poll() {
        if case .exited(let code) = end { return Int(code) }
        return 1
      }
      // Also in a task that is cancelled: the process is waited for all the same.
      try? await Task.sleep(for: .milliseconds(5))
    }
  }
}
