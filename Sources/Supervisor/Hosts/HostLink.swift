import ChainModel
import Glibc
import TraceLog

/// Keeps up with one other host of a run: copies its log as it grows, and notes how it is. It is a process of its own, which
/// the supervisor starts again when it ends; so a host that does not answer keeps nobody waiting.
package struct HostLink {
  private let run: RunFolder
  private let host: RunHost
  private let client: AgentClient
  private var pull: LogPull
  private var status: AgentStatus?
  /// Whether the host's agent has told of its part of the run.
  private var hadPart: Bool
  /// How often it was told in a row to start that again, when last, and what it said of it.
  private var restarts = 0
  private var orderedAt: UInt64 = 0
  private var failed: String?
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
    hadPart = run.state(of: host.name)?.status?.run?.id == run.id
    mkdir(run.hostsPath, 0o700)
    pull = try Self.pull(run, host)
  }

  private static func pull(_ run: RunFolder, _ host: RunHost) throws(AgentError) -> LogPull {
    let path = run.mirrorPath(of: host.name)
    return try LogPull(
      try host.client(timeout: patience), into: access(path, F_OK) == 0 ? path : early(path), run: run.id)
  }

  private static func early(_ path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return "\(path.dropLast(name.count)).\(name)"
  }

  /// Looks once at what is new.
  /// - Parameter complain: is told when it is not heard, and when it is heard again.
  package mutating func look(_ complain: (String) -> Void) {
    var (problem, isHeard): (String?, Bool) = (nil, true)
    do throws(AgentError) {
      try pull.pull()
      publish()
    } catch {
      if case .refused = error { isHeard = true } else { isHeard = false }
      // Before it has begun with the run there is nothing to be had.
      let isEarly = error.saysThereIsNone && pull.state.pulledAt == nil
      if error.isOtherLog { problem = beginAnew() } else if !isEarly { problem = error.description }
    }
    if problem != said { complain(problem ?? "host \(host.name) is heard again") }
    said = problem
    let now = Monotonic.now()
    // At the end at once: it may be the last look.
    let isStale = pull.isOver && status?.run?.phase.isLive == true
    if isHeard, isStale || now &- askedAt >= Self.period.nanoseconds {
      askedAt = now
      if let heard = try? client.status() {
        status = heard
        restore(heard, at: now, complain)
      }
    }
    note(at: now)
  }

  // MARK: A host that has lost its part

  /// Has it start its part again, if that is gone without anybody having stopped it: its machine, or its container, began
  /// anew. What failed is tried again, less and less often.
  private mutating func restore(_ heard: AgentStatus, at now: UInt64, _ complain: (String) -> Void) {
    let part = heard.run
    let isLost = part == nil || (part?.id == run.id && part?.phase == .lost)
    let hasFailed = restarts > 0 && heard.failure != nil && part?.phase.isLive != true
    if hasFailed, let failure = heard.failure, failure != failed {
      failed = failure
      complain("host \(host.name) has not started its part of the run again: \(failure)")
    }
    guard isLost || hasFailed else {
      if part?.id == run.id { hadPart = true }
      if part?.phase == .ready { restarts = 0 }
      return
    }
    let pause = Self.period.nanoseconds << UInt64(min(restarts, 6))
    guard hadPart, !heard.isBusy, restarts == 0 || now &- orderedAt >= pause, !run.isEnding,
      (try? run.phase()) == .ready, let text = try? AtomicFile.read(run.configurationPath)
    else { return }
    if restarts == 0 { complain("host \(host.name) has lost its part of the run, and starts it again") }
    (restarts, orderedAt) = (restarts + 1, now)
    // If it cannot be asked, the next look says so.
    try? client.start(
      StartOrder(run: run.id, host: host.name, services: String(decoding: text, as: UTF8.self)))
  }

  /// What it writes now is another log.
  private mutating func beginAnew() -> String? {
    // Of the one before, nothing may have come.
    if unlink(Self.early(run.mirrorPath(of: host.name))) != 0 {
      do throws(SupervisorError) { try run.setMirrorAside(of: host.name) } catch { return error.description }
    }
    do throws(AgentError) { pull = try Self.pull(run, host) } catch { return error.description }
    return nil
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
