import ChainModel
import Topology
import ChainSimulator

/// Systems and loads that the tests share.
enum Systems {
  /// One service, whose only step is to wait for a remote system.
  static func one(
    _ time: StepTime, _ model: ServingModel = .blocking, threads: Int = 8, queue: Int = .max, loops: Int = 2,
    inFlight: InFlightLimit = .fixed(.max)
  ) -> SimulatedSystem {
    SimulatedSystem(services: [
      SimulatedService(
        "leaf", model: model, threads: threads, queueLimit: queue, loops: loops, inFlightLimit: inFlight,
        routes: [ServiceRoute("GET /", [.remote(time)])])
    ])
  }

  /// Services that call one another in a row; each takes its own time, the last one only that.
  static func chain(
    _ pools: [Int], own: [StepTime], queues: [Int]? = nil, model: ServingModel = .blocking, cpu: Duration = .zero,
    cores: Int? = nil, timeout: Duration? = nil, names: [String] = ["gateway", "user", "order", "payment"]
  ) -> SimulatedSystem {
    let services = pools.indices.map { index in
      var steps: [Step] = cpu > .zero ? [.cpu(.fixed(cpu))] : []
      if own[index] != .zero { steps.append(.remote(own[index])) }
      if index + 1 < pools.count { steps.append(.call(service: index + 1, route: 0)) }
      return SimulatedService(
        names[index], model: model, threads: pools[index], queueLimit: queues?[index] ?? 100_000,
        inFlightLimit: .fixed(.max), timeout: timeout, routes: [ServiceRoute("GET /\(names[index])", steps)])
    }
    return SimulatedSystem(services: services, cores: cores)
  }

  /// The chain of the lessons: only the leaf takes time.
  static func reference(_ leaf: StepTime, frontQueue: Int = 64) -> SimulatedSystem {
    chain([64, 32, 16, 8], own: [.zero, .zero, .zero, leaf], queues: [frontQueue, 100, 100, 100])
  }

  static func open(
    _ rate: Double, _ spacing: SimulatedLoad.Spacing = .poisson, warmUp: Duration = .seconds(50),
    for duration: Duration = .seconds(2000), seed: UInt64 = 1
  ) -> SimulatedLoad {
    SimulatedLoad(.open(rate: rate, spacing), warmUp: warmUp, duration: duration, seed: seed)
  }

  static func closed(
    _ clients: Int, think: StepTime, for duration: Duration = .seconds(2000), seed: UInt64 = 1
  ) -> SimulatedLoad {
    SimulatedLoad(.closed(clients: clients, think: think), warmUp: .seconds(50), duration: duration, seed: seed)
  }
}

/// Whether a value lies within a share of what is expected.
func isNear(_ value: Double, _ expected: Double, within share: Double) -> Bool {
  abs(value - expected) <= share * abs(expected)
}

/// Short names for what the tests say often.
extension ServingModel {
  static let blocking = ServingModel(.blocking)
  static let async = ServingModel(.async)
  static let nonblocking = ServingModel(.nonblocking)
  static let nonblockingAsync = ServingModel(.nonblockingAsync)
}
