import ChainModel
import Topology

/// What a system cannot exceed under one kind of request, whatever its queues do: closed forms, for any graph.
/// Little's law (1961) for threads and processors; for times, that a sum is no less than its parts.
package struct ChainBounds: Hashable, Sendable {
  /// A pool whose threads are held while a request is served.
  package struct Pool: Hashable, Sendable {
    package var service: String
    /// Over all replicas.
    package var threads: Int
    /// How long one request holds a thread of it while nothing queues, in seconds.
    package var holding: Double

    /// Requests per second.
    package var capacity: Double { holding > 0 ? Double(threads) / holding : .infinity }
  }

  /// Processors of a service, or without one those that are shared.
  package struct Processors: Hashable, Sendable {
    package var service: String?
    /// Over all replicas.
    package var count: Int
    /// How long one request needs one of them, in seconds.
    package var work: Double

    /// Requests per second.
    package var capacity: Double { work > 0 ? Double(count) / work : .infinity }
  }

  package private(set) var pools: [Pool] = []
  package private(set) var processors: [Processors]
  /// Of one request, over all services, in seconds.
  package private(set) var cpuTime = 0.0
  /// What one request waits for in turn; in one thread's life nothing is waited for at the same time.
  private var waits: [StepTime] = []

  /// - Parameters:
  ///   - system: in which no requests go in a circle; see `SimulationPlan.validate`.
  ///   - entry: the kind of request.
  package init(_ system: SimulatedSystem, _ entry: SimulatedLoad.Entry) {
    processors = system.cores.map { [Processors(service: nil, count: $0, work: 0)] } ?? []
    _ = visit(system, entry.service, entry.route)
  }

  /// - Returns: how long the request takes there while nothing queues.
  private mutating func visit(_ system: SimulatedSystem, _ place: Int, _ route: Int) -> Double {
    let service = system.services[place]
    waits.append(service.latency)
    var own = service.latency.mean
    var calls = 0.0
    for step in service.routes[route].steps {
      let times = step.parts.map { part -> (own: Double, calls: Double) in
        switch part {
        case .cpu(let time), .store(let time, _, _):
          work(service, time.mean)
          return (time.mean, 0)
        case .remote(let time):
          waits.append(time)
          return (time.mean, 0)
        case .call(let callee, let route): return (0, visit(system, callee, route))
        case .all: return (0, 0)
        }
      }
      // At the same time: as long as the longest.
      let longest = times.max { $0.own + $0.calls < $1.own + $1.calls } ?? (0, 0)
      (own, calls) = (own + longest.own, calls + longest.calls)
    }
    if service.model.holdsThread {
      add(service, service.model.threads(service.threads, loops: service.loops), own + calls)
    } else if service.model.hiresThreads, calls > 0 {
      // Its hired threads hold calls alone; what it waits for else, nobody holds.
      add(service, service.threads, calls)
    }
    return own + calls
  }

  private mutating func work(_ service: SimulatedService, _ time: Double) {
    cpuTime += time
    let name = service.cores == nil ? nil : service.name
    if let index = processors.firstIndex(where: { $0.service == name }) {
      processors[index].work += time
    } else if let cores = service.cores {
      processors.append(Processors(service: name, count: cores * service.replicas, work: time))
    }
  }

  /// A service that is visited twice by a request holds its threads for both visits.
  private mutating func add(_ service: SimulatedService, _ threads: Int, _ holding: Double) {
    if let index = pools.firstIndex(where: { $0.service == service.name }) {
      pools[index].holding += holding
    } else {
      pools.append(Pool(service: service.name, threads: threads * service.replicas, holding: holding))
    }
  }

  /// The pool that allows the fewest requests, nil if no threads are held; of equals, the last one in the chain.
  package var narrowest: Pool? { pools.min { $0.capacity < $1.capacity } }

  /// The processors that allow the fewest requests; nil where they are not limited.
  package var scarcestProcessors: Processors? { processors.min { $0.capacity < $1.capacity } }

  package var meanFloor: Double { waits.reduce(cpuTime) { $0 + $1.mean } }

  /// No less than this share of requests takes longer: one of the waits has its percentile, the others at least their
  /// least.
  package func percentileFloor(_ share: Double) -> Double {
    let least = waits.reduce(0) { $0 + $1.least }
    return waits.map { $0.percentile(share) + least - $0.least }.max().map { $0 + cpuTime } ?? cpuTime
  }
}

extension StepTime {
  /// In seconds, nothing is shorter.
  var least: Double {
    switch self {
    case .latency(.fixed(let duration)), .latency(.uniform(let duration, _)): duration.seconds
    case .exponential, .latency: 0
    }
  }

  /// In seconds: this share of draws is no longer. Of a lognormal time it is a lower bound, the median, or for the
  /// higher shares what a normal variable exceeds at least (z of 0.95 and 0.99 rounded down).
  func percentile(_ share: Double) -> Double {
    switch self {
    case .exponential(let mean): -mean.seconds * Logarithm.natural(1 - share)
    case .latency(.fixed(let duration)): duration.seconds
    case .latency(.uniform(let low, let high)): low.seconds + (high.seconds - low.seconds) * share
    case .latency(.lognormal(let median, let sigma)):
      median.seconds * Logarithm.exponential(sigma * (share >= 0.99 ? 2.32 : share >= 0.95 ? 1.64 : 0))
    case .latency(.percentiles(let p50, let p90, let p99)):
      share >= 0.99 ? p99.seconds : share >= 0.9 ? p90.seconds : share >= 0.5 ? p50.seconds : 0
    }
  }
}
