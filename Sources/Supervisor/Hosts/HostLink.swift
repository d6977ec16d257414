import ChainModel
import Glibc
import TraceLog

/// Keeps up with one other host of a run: copies its log as it grows, and notes how it is. It is a process of its own, which
/// the supervisor starts again when it ends; so a host that does not answer keeps nobody waiting.
package struct HostLink {
  private let run: RunFolder
  private let host: RunHost
  private let client: AgentClient
  private let pull: LogPull
  private var status: AgentStatus?
  private var askedAt: UInt64 = 0
  private var written: (state: HostState, at: UInt64)?
  private var said: String?

  /// Between two questions how it is, and two notes of that.
  private static let period = Duration.seconds(1)
  /// For an answer: a host that is cut off is to be known soon.
  private static let patience = Duration.seconds(2)

  /// - Throws: when its token or its file cannot be used.
  package init(_ run: RunFolder, to host: RunHost) throws(AgentError) {
    (self.run, self.host) = (run, host)
    client = try host.client(timeout: Self.patience)
    mkdir(run.hostsPath, 0o700)
    let path = run.mirrorPath(of: host.name)
    pull = try LogPull(
      try host.client(timeout: Self.patience), into: access(path, F_OK) == 0 ? path : Self.early(path), run: run.id)
  }

  private static func early(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return "\(path.dropLast(name.count)).\(name)"
  }

  /// Looks once at what is new.
  /// - Parameter complain: is told when it is not heard, and when it is heard again.
  package mutating func look(_ complain: (String) -> Void) {
    var problem: String?
    do throws(AgentError) {
      try pull.pull()
      publish()
    } catch {
      // Before it has begun with the run there is nothing to be had.
      let isEarly = if case .refused(_, 404, _) = error { pull.state.pulledAt == nil } else { false }
      if !isEarly { problem = error.description }
    }
    if problem != said { complain(problem ?? "host \(host.name) is heard again") }
    said = problem
    let now = Monotonic.now()
    // At the end at once: it may be the last look.
    let isStale = pull.isOver && status?.run?.phase.isLive == true
    if problem == nil, isStale || now &- askedAt >= Self.period.nanoseconds {
      askedAt = now
      if let heard = try? client.status() { status = heard }
    }
    note(at: now)
  }

  /// Gives the copy its name, now that there is something to be read.
  private func publish() {
    let path = run.mirrorPath(of: host.name)
    if access(path, F_OK) != 0 { rename(Self.early(path), path) }
  }

  private mutating func note(at now: UInt64) {
    let state = HostState(status: status, mirror: pull.state)
    if let written {
      let isUrgent =
        state.mirror.isOver != written.state.mirror.isOver || state.mirror.problem != written.state.mirror.problem
        || state.status?.run != written.state.status?.run
      guard isUrgent || now &- written.at >= Self.period.nanoseconds else { return }
    }
    do throws(SupervisorError) {
      try run.write(state, of: host.name)
      written = (state, now)
    } catch {
      // The next one may be written.
    }
  }
}
