import ChainModel
import Glibc
import Topology

/// The parts of a run on other hosts, which their agents start and stop.
extension ChainLauncher {
  private static let look: UInt32 = 100_000

  /// Asks the agents, before anything is started, whether they are there, of this version, and without a run.
  func greet(
    _ others: RunHosts, version: String, _ isInterrupted: () -> Bool, _ progress: (Progress) -> Void
  ) throws(SupervisorError) {
    let deadline = Deadline(after: others.patience, from: Monotonic.now())
    var live: [(host: RunHost, run: String)] = []
    for host in others.hosts {
      let status = try firstAnswer(host, until: deadline, isInterrupted, progress)
      guard status.version == version else {
        throw .host(
          host.name,
          .malformed(host.agent, reason: "found version \(status.version) of chainlab, expected \(version)"))
      }
      guard let run = status.run, run.phase.isLive else { continue }
      guard others.replaces else { throw .hostBusy(host.name, runID: run.id) }
      live.append((host, run.id))
    }
    for (host, run) in live {
      progress(.replacing(host: host.name, run: run))
      _ = try stop(host, run: run)
      guard awaitEnd(host, run: run) != nil else { continue }
      throw .hostFailed(
        host.name,
        reason: "it still has run \(run), and has not stopped it within \(FigureText.duration(patience.down)); "
          + "nothing was started")
    }
  }

  /// Its first answer while it is not busy. One that does not answer yet is asked again until the deadline.
  private func firstAnswer(
    _ host: RunHost, until deadline: Deadline, _ isInterrupted: () -> Bool, _ progress: (Progress) -> Void
  ) throws(SupervisorError) -> AgentStatus {
    var isAwaited = false
    let idle = Deadline(after: patience.ready, from: Monotonic.now())
    while true {
      do throws(SupervisorError) {
        let status = try asking(host) { (client) throws(AgentError) in try client.status() }
        if !status.isBusy || idle.hasPassed(at: Monotonic.now()) { return status }
      } catch {
        guard case .host(_, let problem) = error, problem.mayPass, !deadline.hasPassed(at: Monotonic.now()) else {
          throw error
        }
      }
      guard !isInterrupted() else { throw .interrupted }
      if !isAwaited { progress(.awaiting(host: host.name)) }
      isAwaited = true
      usleep(Self.look)
    }
  }

  /// Has the agents start their part, and waits until all of it is ready.
  func start(
    _ hosts: [RunHost], of run: RunFolder, _ configuration: [UInt8], _ isInterrupted: () -> Bool,
    _ progress: (Progress) -> Void
  ) throws(SupervisorError) {
    let text = String(decoding: configuration, as: UTF8.self)
    for host in hosts {
      let order = StartOrder(run: run.id, host: host.name, services: text)
      try asking(host) { (client) throws(AgentError) in try client.start(order) }
    }
    let deadline = Deadline(after: patience.ready, from: Monotonic.now())
    var shown: [ReplicaName: ChainState.Service.State] = [:]
    var waiting = hosts
    while let host = waiting.first {
      let status = try asking(host) { (client) throws(AgentError) in try client.status() }
      if let failure = status.failure { throw .hostFailed(host.name, reason: failure) }
      let part = status.run?.id == run.id ? status.run : nil
      for service in part?.services ?? []
      where shown.updateValue(service.state, forKey: service.replica) != service.state {
        progress(.service(service.replica, service.state))
      }
      if part?.phase == .ready {
        waiting.removeFirst()
        continue
      }
      guard !isInterrupted() else { throw .interrupted }
      guard !deadline.hasPassed(at: Monotonic.now()) else {
        throw .hostFailed(
          host.name, reason: "its services did not become ready within \(FigureText.duration(patience.ready))")
      }
      usleep(Self.look)
    }
    // Whoever asks next finds the same.
    _ = Patience.wait(
      .seconds(3), until: { hosts.allSatisfy { run.state(of: $0.name)?.status?.run?.phase == .ready } })
  }

  /// Has the agents stop their part of a run, and waits until that and the copies of their logs are complete.
  /// - Returns: why some of it is not known to be stopped, in words.
  func stopHosts(of run: RunFolder) -> [String] {
    guard let hosts = try? run.record().hosts, !hosts.isEmpty else { return [] }
    run.noteEnding()
    var problems: [String] = []
    var stopping: [RunHost] = []
    for host in hosts where !hasEnded(host, run) {
      do throws(SupervisorError) {
        if try stop(host, run: run.id) { stopping.append(host) }
      } catch {
        problems.append("\(error)")
      }
    }
    for host in stopping {
      if let problem = awaitEnd(host, run: run.id) { problems.append(problem) }
      // The copy follows within a tenth of a second, where somebody keeps it.
      _ = Patience.wait(.seconds(3), until: { run.state(of: host.name)?.mirror.isOver ?? false })
    }
    return problems
  }

  /// What is known to have ended is not asked again. A part that was lost may be there again by now.
  private func hasEnded(_ host: RunHost, _ run: RunFolder) -> Bool {
    guard let part = run.state(of: host.name)?.status?.run, part.id == run.id else { return false }
    return part.phase == .ended || part.phase == .failed
  }

  /// One that is starting its part is asked once it has done so.
  /// - Returns: false when it has nothing of the run.
  private func stop(_ host: RunHost, run: String) throws(SupervisorError) -> Bool {
    let deadline = Deadline(after: patience.ready, from: Monotonic.now())
    while true {
      let status = try asking(host) { (client) throws(AgentError) in try client.status() }
      if status.isBusy, !deadline.hasPassed(at: Monotonic.now()) {
        usleep(Self.look)
        continue
      }
      guard let part = status.run, part.id == run, part.phase.isLive else { return false }
      try asking(host) { (client) throws(AgentError) in try client.stop() }
      return true
    }
  }

  private func awaitEnd(_ host: RunHost, run: String) -> String? {
    let deadline = Deadline(after: patience.down, from: Monotonic.now())
    while !deadline.hasPassed(at: Monotonic.now()) {
      if let status = try? host.client().status(), !status.isBusy,
        status.run?.id != run || status.run?.phase.isLive != true
      {
        return nil
      }
      usleep(Self.look)
    }
    return "host \(host.name) has not stopped its services within \(FigureText.duration(patience.down))"
  }

  private func asking<Value>(
    _ host: RunHost, _ body: (AgentClient) throws(AgentError) -> Value
  ) throws(SupervisorError) -> Value {
    do throws(AgentError) { return try body(try host.client()) } catch { throw .host(host.name, error) }
  }
}
