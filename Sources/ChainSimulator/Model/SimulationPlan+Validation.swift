import ChainModel
import Topology

extension SimulationPlan {
  /// The longest run: beyond it, sums of nanoseconds over all that may be in flight would not fit.
  package static let longest = Duration.seconds(4 * 3600)

  /// Requests per second of an open loop. Of fewer, the time between two would not fit into the longest run.
  package static let rates = 0.001...10_000_000
  package static let clients = 1...500_000

  /// - Throws: `invalid` with the first thing that cannot be simulated.
  package func validate() throws(SimulationError) {
    guard !system.services.isEmpty else {
      throw .invalid(what: "services", found: "none", expected: "at least one")
    }
    try Self.check(system.cores ?? 1, "cores", 1...1_000_000)
    guard system.hop >= .zero, system.hop < .seconds(60) else {
      throw .invalid(what: "hop", found: "\(system.hop)", expected: "0 to 60 s")
    }
    for service in system.services { try check(service) }
    try checkLoad()
    for change in changes { try check(change) }
    try checkCircles()
    let stations = system.services.reduce(1) { $0 + $1.replicas }
    guard stations <= 1 << 20 else {
      throw .invalid(what: "services", found: "\(stations) instances", expected: "at most \(1 << 20)")
    }
  }

  private static func check(_ value: Int, _ what: String, _ range: ClosedRange<Int>) throws(SimulationError) {
    guard range.contains(value) else {
      let expected = "\(range.lowerBound) to \(range.upperBound)"
      throw .invalid(what: what, found: "\(value)", expected: expected)
    }
  }

  private static func check(_ time: StepTime, _ what: String) throws(SimulationError) {
    guard time.isValid else {
      throw .invalid(what: what, found: "\(time)", expected: "times of 0 to one day, in order")
    }
  }

  private func check(_ service: SimulatedService) throws(SimulationError) {
    let name = service.name
    try Self.check(service.threads, "\(name).threads", 1...90_000)
    try Self.check(service.storeThreads, "\(name).store_threads", 1...90_000)
    try Self.check(service.loops, "\(name).loops", 1...9_000)
    try Self.check(service.cores ?? 1, "\(name).cores", 1...1_000_000)
    try Self.check(service.queueLimit, "\(name).queue_limit", 0...Int.max)
    try Self.check(service.backlog, "\(name).backlog", 0...1_000_000)
    try Self.check(service.inFlightLimit.most, "\(name).in_flight_limit", 1...Int.max)
    try Self.check(service.replicas, "\(name).replicas", 1...4096)
    try Self.check(service.latency, "\(name).latency")
    guard !service.routes.isEmpty else {
      throw .invalid(what: "\(name).routes", found: "none", expected: "at least one")
    }
    for route in service.routes {
      for step in route.steps { try check(step, "\(name) \(route.name)") }
    }
    for rules in service.rules.values { try Self.check(rules, name) }
  }

  private func check(_ step: Step, _ what: String) throws(SimulationError) {
    switch step {
    case .cpu(let time), .store(let time, _, _): try Self.check(time ?? .zero, what)
    case .remote(let time): try Self.check(time, what)
    case .all(let parts):
      for part in parts {
        if case .all = part { throw .invalid(what: what, found: "all within all", expected: "single steps") }
        if case .cpu = part { throw .invalid(what: what, found: "cpu within all", expected: "steps that wait") }
        try check(part, what)
      }
    case .call(let service, let route):
      guard system.services.indices.contains(service), system.services[service].routes.indices.contains(route) else {
        throw .invalid(what: what, found: "a call to service \(service), route \(route)", expected: "one that exists")
      }
    }
  }

  private static func check(_ rules: CallPolicy, _ name: String) throws(SimulationError) {
    try check(rules.retries, "\(name).retries", 0...100)
    try check(rules.bulkhead, "\(name).bulkhead", 0...Int.max)
    try check(rules.breakerCalls, "\(name).breaker_calls", 1...100_000)
    guard rules.budget >= 0, rules.budget <= 1 else {
      throw .invalid(what: "\(name).budget", found: "\(rules.budget)", expected: "0 to 1")
    }
    for time in [rules.backoff, rules.breakerOpen, rules.timeout ?? .seconds(1)]
    where time < .zero || time > longest {
      throw .invalid(what: "\(name), times of calls", found: "\(time)", expected: "0 to 4 h")
    }
  }

  private func checkLoad() throws(SimulationError) {
    switch load.arrival {
    case .open(let rate, _):
      guard Self.rates.contains(rate) else {
        throw .invalid(what: "rate", found: "\(rate)", expected: "0.001 to 10000000 a second")
      }
    case .closed(let clients, let think):
      try Self.check(clients, "clients", Self.clients)
      try Self.check(think, "think time")
    }
    guard load.duration > .zero, load.warmUp >= .zero, load.drain >= .zero, load.drain <= Self.longest,
      load.warmUp + load.duration <= Self.longest
    else {
      throw .invalid(
        what: "duration", found: "\(load.warmUp) of warm-up, \(load.duration) and \(load.drain) to drain",
        expected: "more than 0, together at most 4 h")
    }
    guard !load.entries.isEmpty, load.entries.allSatisfy({ $0.weight > 0 && $0.weight < 1e9 }) else {
      throw .invalid(
        what: "entries", found: "\(load.entries.count)", expected: "at least one, each of a weight above 0")
    }
    for entry in load.entries { try check(.call(service: entry.service, route: entry.route), "load") }
    try Self.check(load.rules, "load")
  }

  private func check(_ change: ScriptedChange) throws(SimulationError) {
    guard system.services.indices.contains(change.service), change.at >= .zero, change.at <= Self.longest else {
      throw .invalid(
        what: "change", found: "service \(change.service) at \(change.at)", expected: "a service that exists, 0 to 4 h")
    }
    switch change.change {
    case .fault(let fault) where fault.user != nil || fault.header != nil:
      throw .invalid(what: "fault", found: fault.text, expected: "one for all requests: simulated ones have no users")
    case .model(let model) where system.services[change.service].model.blocksLoops:
      throw .invalid(
        what: "change", found: "model \(model.rawValue) for a service whose calls block its loops",
        expected: "a service in one of the four IO models")
    case .pool(let threads, let queueLimit):
      try Self.check(threads ?? 1, "threads", 1...90_000)
      try Self.check(queueLimit ?? 0, "queue_limit", 0...Int.max)
    default: return
    }
  }

  /// A request that comes back to its own route would never end.
  private func checkCircles() throws(SimulationError) {
    let program = Program(self)
    var callers = Array(repeating: 0, count: program.routeNames.count)
    for route in callers.indices { for callee in program.calls(of: route) { callers[callee] += 1 } }
    // Routes that nobody calls, and then those that only such routes call, and so on (Kahn 1962).
    var free = callers.indices.filter { callers[$0] == 0 }
    var next = 0
    while next < free.count {
      for callee in program.calls(of: free[next]) {
        callers[callee] -= 1
        if callers[callee] == 0 { free.append(callee) }
      }
      next += 1
    }
    guard free.count == callers.count else {
      let route = callers.indices.first { callers[$0] > 0 }.map { program.routeNames[$0] } ?? ""
      throw .invalid(what: "routes", found: "calls in a circle at \(route)", expected: "requests that end")
    }
  }
}
