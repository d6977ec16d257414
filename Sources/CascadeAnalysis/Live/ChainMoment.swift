package import ChainModel
import TraceLog

/// The chain as it stands at the record applied last, with what it has counted since the window began.
///
/// Keys: `time_ns` (from the run's start), `services`, `edges`.
package struct ChainMoment: Encodable, Sendable {
  package var time: UInt64
  package var services: [Service]
  package var edges: [Edge]

  /// Keys: `name`, `role`, `state` (idle, running, blocked), `since_ns`, and of a blocked one `cause` and `target`.
  package struct Thread: Encodable, Hashable, Sendable {
    package var name: String
    package var role: String
    package var state: String
    package var since: UInt64
    package var cause: String?
    package var target: String?

    private enum CodingKeys: String, CodingKey {
      case name, role, state, cause, target
      case since = "since_ns"
    }
  }

  /// The threads that take requests from a queue. Keys: `role`, `threads`, `busy`, `blocked`, `queued`, `queue_limit`,
  /// `fullness` (`full` or `saturated`; absent: neither), `saturated_since_ns` (absent while it is not).
  package struct Pool: Encodable, Hashable, Sendable {
    package var role: String
    package var threads: Int
    package var busy: Int
    package var blocked: Int
    package var queued: Int
    package var queueLimit: UInt64?
    package var saturatedSince: UInt64?
    var isFull: Bool

    private enum CodingKeys: String, CodingKey {
      case role, threads, busy, blocked, queued, fullness
      case queueLimit = "queue_limit"
      case saturatedSince = "saturated_since_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(role, forKey: .role)
      try keys.encode(threads, forKey: .threads)
      try keys.encode(busy, forKey: .busy)
      try keys.encode(blocked, forKey: .blocked)
      try keys.encode(queued, forKey: .queued)
      try keys.encodeIfPresent(queueLimit, forKey: .queueLimit)
      try keys.encodeIfPresent(saturatedSince != nil ? "saturated" : isFull ? "full" : nil, forKey: .fullness)
      try keys.encodeIfPresent(saturatedSince, forKey: .saturatedSince)
    }
  }

  /// Keys: `name`, `alive`, `model`, `faults`, `pools`, `threads`, `in_flight`, `suspended` (requests that wait without a
  /// thread).
  package struct Service: Encodable, Sendable {
    package var name: String
    package var isAlive: Bool
    package var model: IOModel?
    package var faults: [String]
    package var pools: [Pool]
    package var threads: [Thread]
    package var inFlight: Int
    package var suspended: Int
    package var routes: [Route]

    private enum CodingKeys: String, CodingKey {
      case name, model, faults, pools, threads, suspended
      case isAlive = "alive"
      case inFlight = "in_flight"
    }
  }

  /// What waits for a callee's answers. Keys: `caller`, `callee`, `threads`, `requests` (those that hold no thread).
  package struct Edge: Encodable, Hashable, Sendable {
    package var caller: String
    package var callee: String
    package var threads: Int
    package var requests: Int
  }

  /// Requests of one route that were answered or refused within the window, and those that are still open.
  package struct Route: Sendable {
    package var name: String
    package var good: Int
    package var failed: Int
    /// Of the failed, those that were answered 504.
    package var timedOut: Int
    package var refused: Int
    /// Of good answers.
    package var times: DurationCounts
    /// For how long those that are open have been so.
    package var ages = DurationCounts()
    package var oldest: UInt64 = 0
  }
}

extension CascadeFold {
  /// Describes what the fold knows now.
  /// - Parameter origin: from which times are told.
  /// - Returns: the chain at the record applied last.
  package func moment(from origin: UInt64) -> ChainMoment {
    var inFlight = Array(repeating: 0, count: services.count)
    var suspended = inFlight
    var waiting: [Int64: Int] = [:]
    var open = routes.map {
      ChainMoment.Route(
        name: text($0.name), good: $0.good, failed: $0.failed, timedOut: $0.timedOut, refused: $0.refused,
        times: $0.times)
    }
    for place in requests.indices where requestNodes[place] >= 0 {
      let request = requests[place]
      inFlight[Int(request.service)] += 1
      if request.hasArrival, request.route >= 0 {
        let age = elapsed(request.arrivedAt, time)
        open[Int(request.route)].ages.add(age)
        open[Int(request.route)].oldest = max(open[Int(request.route)].oldest, age)
      }
      guard let wait = request.unattended else { continue }
      suspended[Int(request.service)] += 1
      guard wait.cause == .call, !(request.model?.hiresThreads ?? false),
        let callee = serviceNumbers[strings[wait.target]]
      else {
        continue
      }
      waiting[Int64(request.service) << 32 | Int64(callee), default: 0] += 1
    }
    var parts = services.indices.map { number in
      ChainMoment.Service(
        name: name(Int32(number)), isAlive: false, model: services[number].model,
        faults: services[number].faults.map { text($0) }, pools: [], threads: [], inFlight: inFlight[number],
        suspended: suspended[number], routes: [])
    }
    for thread in threads where thread.isAlive {
      parts[Int(thread.service)].isAlive = true
      guard thread.isAnnounced else { continue }
      parts[Int(thread.service)].threads.append(describe(thread, origin))
    }
    for pool in pools where pool.alive > 0 { parts[Int(pool.service)].pools.append(describe(pool, origin)) }
    for (route, moment) in zip(routes, open) { parts[Int(route.service)].routes.append(moment) }
    for index in parts.indices { parts[index].threads.sort { Self.precedes($0.name, $1.name) } }
    return ChainMoment(
      time: elapsed(origin, time), services: parts.filter { !$0.threads.isEmpty }, edges: edges(waiting))
  }

  private func describe(_ thread: FoldThread, _ origin: UInt64) -> ChainMoment.Thread {
    ChainMoment.Thread(
      name: text(thread.name), role: thread.role.name,
      state: ["idle", "running", "blocked"][min(2, Int(thread.state))],
      since: elapsed(origin, thread.stateSince), cause: thread.wait?.cause.name,
      target: thread.wait.map { text($0.target) })
  }

  private func describe(_ pool: PoolGauge, _ origin: UInt64) -> ChainMoment.Pool {
    let since = pool.tracker.onset(at: now, options.rule).map { _ in elapsed(origin, pool.saturatedSince) }
    return ChainMoment.Pool(
      role: pool.role.name, threads: Int(pool.size), busy: Int(pool.busy), blocked: Int(pool.blocked),
      queued: Int(pool.queued), queueLimit: pool.role == .worker ? process(known: pool.process)?.queueLimit : nil,
      saturatedSince: since, isFull: pool.load.isFull)
  }

  private func process(known slot: Int32) -> FoldProcess? {
    processes.indices.contains(Int(slot)) ? processes[Int(slot)] : nil
  }

  private func edges(_ waiting: [Int64: Int]) -> [ChainMoment.Edge] {
    var edges: [ChainMoment.Edge] = []
    for caller in services.indices {
      for callee in services.indices {
        let threads = Int(holds.counts[caller * Self.serviceLimit + callee])
        let requests = waiting[Int64(caller) << 32 | Int64(callee)] ?? 0
        guard threads > 0 || requests > 0 else { continue }
        edges.append(
          ChainMoment.Edge(
            caller: name(Int32(caller)), callee: name(Int32(callee)), threads: threads, requests: requests))
      }
    }
    return edges
  }

  /// `gateway-w2` before `gateway-w10`.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    (left.count, left) < (right.count, right)
  }
}
