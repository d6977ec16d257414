import ChainModel
package import Topology

/// What the steps of the real services cost a processor. The program cannot know it: it differs from machine to machine.
package struct StepCosts: Hashable, Sendable {
  /// To read, route and answer one request.
  package var request: Duration
  /// To send one call, and read its answer.
  package var call: Duration
  /// For one query, and for one line of the ledger.
  package var query: Duration
  package var file: Duration

  package init(request: Duration, call: Duration, query: Duration, file: Duration) {
    self.request = request
    self.call = call
    self.query = query
    self.file = file
  }

  /// Of two shared cores, where the chain does about 600 requests a second.
  package static let usual = StepCosts(
    request: .microseconds(400), call: .microseconds(300), query: .microseconds(60), file: .microseconds(40))
}

extension SimulatedSystem {
  /// The chain as configured, with the routes of the real services: see `nested`, `orchestrated` and `ping`.
  package init(_ topology: Topology, cores: Int? = nil, costs: StepCostTable = .usual) {
    let names = topology.services.map(\.name)
    func index(_ name: ServiceName) -> Int { names.firstIndex(of: name) ?? 0 }
    let services = topology.services.map { service in
      let policies = service.callPolicy == .plain ? [] : service.callees.map { (index($0), service.callPolicy) }
      return SimulatedService(
        service.name.rawValue, model: ServingModel(service.model), threads: service.threads,
        queueLimit: service.queueLimit, overflow: service.overflow, backlog: service.backlog, loops: service.loops,
        storeThreads: service.storeThreads, store: service.store, inFlightLimit: service.inFlightLimit,
        replicas: service.replicas,
        timeout: service.timeout, latency: .latency(service.latency),
        routes: Self.routes(of: service.name, costs[service.model], index),
        rules: Dictionary(uniqueKeysWithValues: policies))
    }
    // Cancelling is the system's in the simulation: it stops only if no service goes on for callers that have left.
    self.init(services: services, cores: cores, cancels: topology.services.allSatisfy { $0.onLeave == .cancel })
  }

  /// The gateway's routes, by index.
  package static let nested = 0
  package static let orchestrated = 1
  package static let ping = 2

  private static func routes(
    of service: ServiceName, _ costs: StepCosts, _ index: (ServiceName) -> Int
  ) -> [SimulatedRoute] {
    let head = SimulatedStep.cpu(.fixed(costs.request))
    func call(_ callee: ServiceName, _ route: Int) -> [SimulatedStep] {
      [.cpu(.fixed(costs.call)), .call(index(callee), route: route)]
    }
    func query(_ label: String) -> SimulatedStep { .store(.fixed(costs.query), label: label, isFile: false) }
    switch service {
    case .gateway:
      return [
        SimulatedRoute("GET /users/{username}/payment-status", [head] + call(.userService, 1)),
        SimulatedRoute(
          "GET /orchestrated/users/{username}/payment-status",
          [head] + call(.userService, 0) + call(.orderService, 0) + call(.paymentService, 0)),
        SimulatedRoute("GET /ping", [head]),
      ]
    case .userService:
      return [
        SimulatedRoute("GET /users/{username}", [head, query("user by name")]),
        SimulatedRoute(
          "GET /users/{username}/payment-status", [head, query("user by name")] + call(.orderService, 1)),
      ]
    case .orderService:
      return [
        SimulatedRoute("GET /users/{user_id}/orders", [head, query("orders by user")]),
        SimulatedRoute(
          "GET /users/{user_id}/orders/payment-status", [head, query("orders by user")] + call(.paymentService, 0)),
      ]
    case .paymentService:
      let ledger = SimulatedStep.store(.fixed(costs.file), label: "ledger", isFile: true)
      return [SimulatedRoute("GET /payments", [head, query("payments by order"), ledger])]
    }
  }
}
