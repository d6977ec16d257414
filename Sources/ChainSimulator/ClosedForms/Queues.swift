/// M/M/c: Poisson arrivals, exponential service, any number may wait. Rates are per second, times in seconds.
package struct ErlangQueue: Hashable, Sendable {
  package var arrivalRate: Double
  /// Of one server.
  package var serviceRate: Double
  package var servers: Int

  package init(arrivalRate: Double, serviceRate: Double, servers: Int) {
    self.arrivalRate = arrivalRate
    self.serviceRate = serviceRate
    self.servers = servers
  }

  package var utilisation: Double { arrivalRate / serviceRate / Double(servers) }

  /// Erlang's B, by `B_0 = 1, B_k = a B_{k-1} / (k + a B_{k-1})` (Erlang 1917; the recursion is stable for any `c`).
  package var blocking: Double {
    let offered = arrivalRate / serviceRate
    var blocking = 1.0
    for k in stride(from: 1, through: servers, by: 1) {
      blocking = offered * blocking / (Double(k) + offered * blocking)
    }
    return blocking
  }

  /// Erlang's C, the share that waits: `B / (1 - ρ (1 - B))`; 1 when there is more to do than can be done.
  package var waiting: Double {
    guard utilisation < 1 else { return 1 }
    return blocking / (1 - utilisation * (1 - blocking))
  }

  /// `C / (cμ - λ) + 1/μ`; infinite when there is more to do than can be done.
  package var responseTime: Double {
    guard utilisation < 1 else { return .infinity }
    return waiting / (Double(servers) * serviceRate - arrivalRate) + 1 / serviceRate
  }
}

/// What a queue comes to in the long run.
package struct QueueFigures: Hashable, Sendable {
  /// Served per second.
  package var throughput: Double
  /// Of those that are served, in seconds.
  package var responseTime: Double
  /// The share that is refused.
  package var blocked: Double
  /// Servers at work, on average.
  package var busy: Double
}

/// M/M/c/K: at most `K` in the system, one more is refused.
package struct BoundedQueue: Hashable, Sendable {
  package var arrivalRate: Double
  package var serviceTime: Double
  package var servers: Int
  package var capacity: Int

  package init(arrivalRate: Double, serviceTime: Double, servers: Int, capacity: Int) {
    self.arrivalRate = arrivalRate
    self.serviceTime = serviceTime
    self.servers = servers
    self.capacity = max(servers, capacity)
  }

  /// By `p_n = p_{n-1} a / min(n, c)`, `n ≤ K` (birth and death; Kendall 1953): exact.
  package var figures: QueueFigures {
    let offered = arrivalRate * serviceTime
    var (probability, sum, mean, busy) = (1.0, 1.0, 0.0, 0.0)
    for n in stride(from: 1, through: capacity, by: 1) {
      probability *= offered / Double(min(n, servers))
      sum += probability
      mean += Double(n) * probability
      busy += Double(min(n, servers)) * probability
      if sum > 1e200 { (probability, sum, mean, busy) = (probability / sum, 1, mean / sum, busy / sum) }
    }
    let blocked = probability / sum
    let throughput = arrivalRate * (1 - blocked)
    return QueueFigures(
      throughput: throughput, responseTime: throughput > 0 ? mean / sum / throughput : 0, blocked: blocked,
      busy: busy / sum)
  }
}

/// M/M/c//N, "machine repair": `N` clients that think for a while, and ask again when they have been served.
package struct MachineRepair: Hashable, Sendable {
  package var clients: Int
  package var thinkTime: Double
  package var serviceTime: Double
  package var servers: Int

  package init(clients: Int, thinkTime: Double, serviceTime: Double, servers: Int) {
    self.clients = clients
    self.thinkTime = thinkTime
    self.serviceTime = serviceTime
    self.servers = servers
  }

  /// By `p_n = p_{n-1} ((N-n+1)/Z) / (min(n,c)/S)` (Palm 1947): exact. Clients that hardly think keep every server busy.
  package var figures: QueueFigures {
    guard thinkTime >= 1e-4 * serviceTime else {
      let busy = Double(min(clients, servers))
      let throughput = busy / serviceTime
      return QueueFigures(
        throughput: throughput, responseTime: Double(clients) / throughput - thinkTime, blocked: 0, busy: busy)
    }
    var (probability, sum, mean, busy) = (1.0, 1.0, 0.0, 0.0)
    for n in stride(from: 1, through: clients, by: 1) {
      let rate = Double(min(n, servers)) / serviceTime
      probability *= Double(clients - n + 1) / thinkTime / rate
      sum += probability
      mean += Double(n) * probability
      busy += Double(min(n, servers)) * probability
      if sum > 1e200 { (probability, sum, mean, busy) = (probability / sum, 1, mean / sum, busy / sum) }
    }
    let throughput = busy / sum / serviceTime
    return QueueFigures(
      throughput: throughput, responseTime: throughput > 0 ? mean / sum / throughput : serviceTime, blocked: 0,
      busy: busy / sum)
  }
}
