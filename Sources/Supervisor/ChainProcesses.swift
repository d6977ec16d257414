import ChainModel
package import TraceLog

/// The processes of a root's chains, told by what they were started with. So they are found without any file: also when
/// the runs were removed under them, or when whoever started them was killed before it had written down their pids.
package struct ChainProcesses: Hashable, Sendable {
  package var supervisors: Set<ProcessIdentity> = []
  /// Services of any run, and pages that a supervisor has started.
  package var members: Set<ProcessIdentity> = []
  /// By path: the live logs that the services write to, with the id of their run.
  package var logs: [String: String] = [:]

  package init() {}

  package var isEmpty: Bool { supervisors.isEmpty && members.isEmpty }

  /// What a process is to a chain.
  enum Role: Hashable {
    case supervisor
    case page
    /// To another host.
    case link
    case service(run: String, log: String?)
  }

  /// - Parameter root: absolute, as a `RunStore` has it.
  /// - Returns: this user's processes of it that are alive.
  package static func find(root: String) -> ChainProcesses {
    var found = ChainProcesses()
    for pid in ProcessTable.pids() where ProcessTable.isOurs(pid) {
      guard let role = role(ProcessTable.arguments(of: pid), root: root), let identity = ProcessIdentity(pid: pid)
      else { continue }
      switch role {
      case .supervisor: found.supervisors.insert(identity)
      case .page, .link: found.members.insert(identity)
      case .service(let run, let log):
        found.members.insert(identity)
        if let log { found.logs[log] = run }
      }
    }
    return found
  }

  /// The arguments begin with the program, or with an interpreter and the program.
  static func role(_ arguments: [String], root: String) -> Role? {
    func value(_ option: String) -> String? {
      arguments.firstIndex(of: option).flatMap { arguments[($0 + 1)...].first }
    }
    if value("--root") == root {
      if arguments.contains("supervise") { return .supervisor }
      if arguments.contains("dashboard"), arguments.contains("--supervised") { return .page }
      if arguments.contains("link") { return .link }
    }
    guard let run = value("--run-id"), value("--config") == RunFolder(path: "\(root)/runs/\(run)").configurationPath,
      value("--service") != nil
    else { return nil }
    return .service(run: run, log: value("--log"))
  }
}
