import ChainModel
import TraceLog

/// Makes a `ThreadDump` of a replayed log.
struct ThreadDumpBuilder {
  private struct Entry {
    var node: WaitNode
    var waiter: ThreadDump.Waiter
    var nodes: [WaitNode]
    /// Whether it is a thread that works for a request which waits for that.
    var isHelper: Bool
  }

  private let snapshot: LogSnapshot
  private let replay: ChainReplay
  private let graph: WaitGraph
  /// Ids of all calls that somebody waits for.
  private let openCalls: Set<UInt64>

  init(_ snapshot: LogSnapshot) {
    self.snapshot = snapshot
    replay = ChainReplay(snapshot)
    graph = WaitGraph(replay, snapshot)
    openCalls = Self.openCalls(replay)
  }

  func dump() -> ThreadDump {
    let current = currentProcesses()
    var entries = Dictionary(uniqueKeysWithValues: current.map { ($0.slot, busy($0)) })
    markRoots(&entries, order: current.map(\.slot))
    return ThreadDump(
      runID: PlainText.clean(snapshot.runID), takenAt: elapsed(snapshot.createdAt, snapshot.moment),
      services: current.map { service($0, entries[$0.slot] ?? []) }, deaths: deaths(),
      completeSince: elapsed(snapshot.createdAt, snapshot.completeSince), lost: snapshot.loss,
      misfits: replay.misfits.values.reduce(0, +))
  }

  private static func openCalls(_ replay: ChainReplay) -> Set<UInt64> {
    var calls: Set<UInt64> = []
    for process in replay.processes.values where process.fate == .running {
      for wait in process.threads.values.flatMap(\.waits) where wait.cause == .call { calls.insert(wait.id) }
      for wait in process.requests.values.flatMap(\.waits) where wait.cause == .call { calls.insert(wait.id) }
    }
    return calls
  }

  /// Of each service the process that attached last; instruments only if they have threads to show.
  private func currentProcesses() -> [ProcessReplay] {
    let replicas = ReplicaTable(snapshot.processes)
    var latest: [String: ProcessReplay] = [:]
    for process in replay.processes.values
    where latest[process.name].map({ $0.slot < process.slot }) ?? true {
      latest[process.name] = process
    }
    let shown = latest.values.filter { process in
      guard let replica = replicas[process.name] else {
        return process.threads.values.contains { $0.state != .idle }
      }
      // Of a foreign trace nobody knows how it waits.
      guard process.hasHadThreads || process.fate == .running else { return false }
      // One that was not needed any more is no part of a chain that goes on.
      return replica.isFirst || process.fate != .stopped || latest[replica.service.rawValue]?.fate == .stopped
    }
    return shown.sorted { replicas.rank($0.name) < replicas.rank($1.name) }
  }

  // MARK: Waiters

  /// Every thread, and every suspended request without one; the longest in its state first.
  private func busy(_ process: ProcessReplay) -> [Entry] {
    let threads = process.threads.values.map { thread in
      entry(
        WaitNode(process: process.slot, place: .thread(thread.tid)),
        isAwaited: thread.span.flatMap { process.requests[$0] }.map { openCalls.contains($0.parent) } ?? false,
        isHelper: thread.work != nil)
    }
    let requests = process.requests.values.filter { $0.phase == .suspended }.compactMap { request -> Entry? in
      let node = graph.node(of: request, in: process)
      guard case .request = node.place else { return nil }
      return entry(node, isAwaited: openCalls.contains(request.parent))
    }
    return (threads + requests).sorted { Self.rank($0.waiter.hop) < Self.rank($1.waiter.hop) }
  }

  private static func rank(_ hop: WaitHop) -> (Int, UInt64, UInt32, UInt64) {
    (hop.state == .idle ? 1 : 0, hop.since ?? 0, hop.tid ?? 0, hop.span?.rawValue ?? 0)
  }

  private func entry(_ node: WaitNode, isAwaited: Bool, isHelper: Bool = false) -> Entry {
    let (hops, nodes) = graph.chain(from: node)
    let hop = hops.first ?? WaitHop(service: "", state: .idle)
    let isIdle = hop.state == .idle
    return Entry(
      node: node, waiter: ThreadDump.Waiter(hop: hop, isAwaited: isAwaited, chain: isIdle ? [] : hops),
      nodes: isIdle ? [] : nodes, isHelper: isHelper)
  }

  /// A root is a chain that begins where nobody waits for it; of a request that waits for hired threads, it begins with
  /// the request. What those leave out (the other branches of a request that waits for several calls, or a cycle) is a root
  /// as well, so that everything busy appears.
  private func markRoots(_ entries: inout [UInt16: [Entry]], order: [UInt16]) {
    var covered: Set<WaitNode> = []
    for (isAwaited, isHelper) in [(false, false), (false, true), (true, false), (true, true)] {
      for slot in order {
        for index in entries[slot]?.indices ?? 0..<0 {
          guard let entry = entries[slot]?[index], !entry.nodes.isEmpty, entry.waiter.isAwaited == isAwaited,
            entry.isHelper == isHelper, !covered.contains(entry.node)
          else { continue }
          covered.formUnion(entry.nodes)
          entries[slot]?[index].waiter.isRoot = true
        }
      }
    }
  }

  // MARK: Services

  private func service(_ process: ProcessReplay, _ entries: [Entry]) -> ThreadDump.Service {
    let waiters = entries.map(\.waiter)
    let pools = ThreadRole.allCases.map { pool($0, process) }.filter { $0.threads > 0 }
    let role = process.poolInUse
    return ThreadDump.Service(
      service: PlainText.clean(process.name), pid: process.pid, state: process.fate.name, model: process.model,
      threadsByState: pools.first { $0.role == role.name } ?? ThreadDump.Pool(role), pools: pools,
      queued: process.requests.values.count { isQueued($0) }, queueLimit: process.pool?.queueLimit,
      suspended: waiters.count { $0.hop.tid == nil }, faults: faults(of: process),
      threads: waiters.filter { $0.hop.tid != nil }, requests: waiters.filter { $0.hop.tid == nil })
  }

  /// A request that arrived before the log is complete may have been dequeued in a record that is lost.
  private func isQueued(_ request: RequestReplay) -> Bool {
    request.phase == .queued && request.arrivedAt >= snapshot.completeSince
  }

  /// As the user gave them.
  private func faults(of process: ProcessReplay) -> [String] {
    process.faults.keys.map { ServiceChange.fault(graph.text($0)) }.sorted()
  }

  private func pool(_ role: ThreadRole, _ process: ProcessReplay) -> ThreadDump.Pool {
    var pool = ThreadDump.Pool(role)
    for thread in process.threads.values where thread.role == role {
      pool.threads += 1
      switch thread.state {
      case .idle: pool.idle += 1
      case .running: pool.running += 1
      case .blocked: pool.blocked += 1
      }
    }
    return pool
  }

  // MARK: Deaths

  private func deaths() -> [ThreadDump.Death] {
    replay.processes.values.filter { $0.fate == .died }.sorted { $0.slot < $1.slot }.map { process in
      ThreadDump.Death(
        service: PlainText.clean(process.name), pid: process.pid, exit: process.exit.map(ExitText.describe),
        ago: process.diedAt.map { elapsed($0, snapshot.moment) },
        isReplaced: replay.processes.values.contains { $0.name == process.name && $0.slot > process.slot },
        waiters: busy(process).map(\.waiter).filter { $0.hop.state != .idle })
    }
  }
}

extension ProcessReplay {
  /// The role of the threads that requests run on, or wait in, under the model in force.
  var poolInUse: ThreadRole {
    model?.traits.waiters ?? (threads.values.contains { $0.role == .worker } ? .worker : .loop)
  }
}

extension LogProcess.Fate {
  var name: String {
    switch self {
    case .running: "running"
    case .stopped: "stopped"
    case .died: "died"
    }
  }
}
