/// A chain of blocking services, each of which calls the next: what is known of it without a simulation. Times are in
/// seconds, front to back.
package struct NestedChain: Hashable, Sendable {
  package var threads: [Int]
  /// What each service takes itself, beside its call.
  package var ownTimes: [Double]
  /// Of `ownTimes`, what needs a processor.
  package var cpuTimes: [Double]
  /// How many requests may wait at the front.
  package var frontQueue: Int
  package var cores: Int?

  package init(
    threads: [Int], ownTimes: [Double], cpuTimes: [Double], frontQueue: Int = .max, cores: Int? = nil
  ) {
    self.threads = threads
    self.ownTimes = ownTimes
    self.cpuTimes = cpuTimes
    self.frontQueue = frontQueue
    self.cores = cores
  }

  /// By service: how long one request holds a thread of it while nobody waits, `Σ_{j≥i} d_j`.
  package var holdingTimes: [Double] {
    var sum = 0.0
    return ownTimes.reversed().map { time in
      sum += time
      return sum
    }.reversed()
  }

  /// The most it can do: `min(min_i T_i / Σ_{j≥i} d_j, c / Σ s_j)` (Little 1961, for threads and for processors).
  package var capacity: Double {
    let byThreads = zip(threads, holdingTimes).map { Double($0) / $1 }.min() ?? .infinity
    let cpu = cpuTimes.reduce(0, +)
    guard let cores, cpu > 0 else { return byThreads }
    return min(byThreads, Double(cores) / cpu)
  }

  /// The service whose threads all are held first, the narrowest; nil when processors are scarcer than threads.
  package var bottleneck: Int? {
    let limits = zip(threads, holdingTimes).map { Double($0) / $1 }
    guard let least = limits.min(), least <= capacity else { return nil }
    return limits.firstIndex(of: least)
  }

  /// If only the last service takes time, the chain is `M/M/c*/K` with `c* = min T_i`, `K = T_1 + Q_1`: exact for an
  /// exponential time and inner queues that never overflow.
  package func reduction(arrivalRate: Double) -> BoundedQueue {
    let front = threads.first ?? 1
    let (capacity, isEndless) = front.addingReportingOverflow(frontQueue)
    // Beyond this the probabilities are nothing.
    return BoundedQueue(
      arrivalRate: arrivalRate, serviceTime: ownTimes.reduce(0, +), servers: threads.min() ?? 1,
      capacity: isEndless ? 1_000_000 : min(capacity, 1_000_000))
  }

  /// When each service has all its threads held, in seconds after its leaf has stopped answering, at a steady arrival
  /// rate: `t_i = (T_i - n_i) / λ`, with `n_i` in flight at the beginning.
  package func front(arrivalRate: Double, inFlight: [Double]) -> [Double] {
    zip(threads, inFlight).map { max(0, Double($0) - $1) / arrivalRate }
  }
}

/// Method of Layers (Rolia and Sevcik 1995) for a nested chain under closed load, small: tier by tier, the threads of the
/// caller are the clients of the callee. Approximate; see `NestedChain` for what is exact.
package struct LayeredModel: Hashable, Sendable {
  package var chain: NestedChain
  package var clients: Int
  package var thinkTime: Double

  package init(chain: NestedChain, clients: Int, thinkTime: Double) {
    self.chain = chain
    self.clients = clients
    self.thinkTime = thinkTime
  }

  package struct Figures: Hashable, Sendable {
    package var throughput: Double
    package var responseTime: Double
    /// Threads held, by service.
    package var held: [Double]
  }

  private static let damping = 0.2
  private static let rounds = 2000

  package var figures: Figures {
    let own = chain.ownTimes
    var response = chain.holdingTimes
    var throughput = Double(clients) / max(thinkTime + (response.first ?? 0), 1e-12)
    for _ in 0..<Self.rounds {
      var fresh = response
      for tier in own.indices {
        let service = own[tier] + (tier + 1 < own.count ? response[tier + 1] : 0)
        let callers = tier == 0 ? clients : chain.threads[tier - 1]
        let think =
          tier == 0 ? thinkTime : max(Double(chain.threads[tier - 1]) / throughput - response[tier], 0)
        let figures = MachineRepair(
          clients: callers, thinkTime: think, serviceTime: service, servers: chain.threads[tier]
        ).figures
        fresh[tier] = figures.responseTime
        if tier == 0 { throughput += Self.damping * (figures.throughput - throughput) }
      }
      let change = zip(fresh, response).map { abs($0 - $1) / max($1, 1e-12) }.max() ?? 0
      for tier in response.indices { response[tier] += Self.damping * (fresh[tier] - response[tier]) }
      if change < 1e-9 { break }
    }
    let held = own.indices.map { throughput * (own[$0] + ($0 + 1 < own.count ? response[$0 + 1] : 0)) }
    return Figures(throughput: throughput, responseTime: response.first ?? 0, held: held)
  }
}
