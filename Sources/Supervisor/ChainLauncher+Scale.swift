package import ChainModel
import Glibc
import Topology
import TraceLog

extension ChainLauncher {
  /// Has the supervisor run so many replicas of a service, and waits until it does and all callers know.
  /// - Parameters:
  ///   - service: any that clients do not ask themselves.
  ///   - count: within `ReplicaName.numbers`.
  ///   - progress: is told what happens meanwhile.
  /// - Returns: the chain with these replicas; nil when none runs.
  /// - Throws: when it does not come to that; the supervisor goes on trying.
  package func scale(
    _ service: ServiceName, to count: Int, progress: (Progress) -> Void = { _ in }
  ) throws(SupervisorError) -> Chain? {
    guard let chain = try ask(for: count, of: service) else { return nil }
    var shown: [ReplicaName: ChainState.Service.State] = [:]
    var deadline = Deadline(after: patience.scale, from: Monotonic.now())
    while true {
      guard let state = try chain.run.chain(), state.phase.isLive, state.supervisor.identity.isAlive else {
        throw notScaled(service, count, "the chain was stopped meanwhile")
      }
      let replicas = state.services.filter { $0.name == service }
      for replica in replicas where shown.updateValue(replica.state, forKey: replica.replica) != replica.state {
        progress(.service(replica.replica, replica.state))
      }
      if replicas.count == count, replicas.allSatisfy({ $0.state == .ready }) {
        return Chain(run: chain.run, state: state, isSupervised: true)
      }
      let wish = try chain.run.wish().counts[service] ?? count
      guard wish == count else { throw notScaled(service, count, "somebody else has asked for \(wish) meanwhile") }
      // Draining ends by itself, within the time that calls may take.
      if replicas.contains(where: { $0.state == .draining }) {
        deadline = Deadline(after: patience.scale, from: Monotonic.now())
      }
      guard !deadline.hasPassed(at: Monotonic.now()) else {
        throw notScaled(service, count, Self.words(replicas, chain.run))
      }
      usleep(20_000)
    }
  }

  /// Writes the wish down and wakes the supervisor, which reads it.
  private func ask(for count: Int, of service: ServiceName) throws(SupervisorError) -> Chain? {
    let lock = try FolderLock.take(store, patience: patience.lock)
    defer { withExtendedLifetime(lock) {} }
    guard let chain = try chain() else { return nil }
    guard chain.isSupervised else { throw .noSupervisor(runID: chain.run.id) }
    if let host = chain.state.services.first(where: { $0.name == service })?.agent {
      throw .cannotScaleThere(service: service.rawValue, host: host.name)
    }
    if let topology = try? Topology.load(path: chain.run.configurationPath),
      topology.entries.contains(where: { topology.services[$0.service].name == service })
    {
      throw .cannotScale(service: service.rawValue)
    }
    var wish = try chain.run.wish()
    wish.ask(for: count, of: service)
    try chain.run.write(wish)
    ChildProcess(identity: chain.state.supervisor.identity).signal(SIGUSR1)
    return chain
  }

  private func notScaled(_ service: ServiceName, _ count: Int, _ found: String) -> SupervisorError {
    .notScaled(service: service.rawValue, wish: count, found: found, after: patience.scale)
  }

  private static func words(_ replicas: [ChainState.Service], _ run: RunFolder) -> String {
    let waiting = replicas.filter { $0.state != .ready }.map { replica in
      let end = replica.lastEnd.map { ", last ended with \($0)" } ?? ""
      let said = RunFolder.lastLine(of: run.logPath(of: replica.replica))
      return "\(replica.replica.text) is \(replica.state.rawValue)\(end)\(said.isEmpty ? "" : ": \(said)")"
    }
    let ready = "\(replicas.count - waiting.count) ready"
    return ([ready] + waiting).joined(separator: "; ") + "; the supervisor goes on trying"
  }
}
