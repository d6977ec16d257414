import ChainModel
import Glibc
import Logging
import Topology

/// More and fewer replicas, and who calls them.
extension ChainSupervisor {
  // MARK: How many

  /// What the run starts with.
  static func replicas(
    _ options: SupervisorOptions, run: RunFolder, log: String?
  ) -> [SupervisedService] {
    options.topology.started.reduce(into: []) { services, configuration in
      for number in 1...configuration.replicas {
        services.append(replica(number, of: configuration, options, run: run, log: log, beside: services))
      }
    }
  }

  // Its ports are none of the others'.
  private static func replica(
    _ number: Int, of configuration: ServiceConfiguration, _ options: SupervisorOptions, run: RunFolder, log: String?,
    beside others: [SupervisedService]
  ) -> SupervisedService {
    var configuration = configuration
    if number > 1 {
      let ports = freePorts(options.topology, on: configuration.listen, beside: others)
      (configuration.port, configuration.controlPort) = (ports[0], ports[1])
    }
    return SupervisedService(
      configuration, number: number, topology: options.topology, run: run, binaries: options.binaries, log: log)
  }

  /// A port and a control port that nobody listens on, also none of the chain that is down at the moment.
  private static func freePorts(_ topology: Topology, on host: String, beside others: [SupervisedService]) -> [Int] {
    let configured = topology.services.flatMap { [$0.port, $0.controlPort] } + [topology.dashboard.port]
    let taken = others.flatMap { [$0.configuration.port, $0.configuration.controlPort] }
    return FreePorts.take(2, except: Set(configured + taken), on: host)
  }

  /// One that did not even become ready may have lost its ports to somebody else.
  func moveIfFurther(_ index: Int) {
    guard !services[index].replica.isFirst else { return }
    let ports = Self.freePorts(options.topology, on: services[index].configuration.listen, beside: services)
    services[index].move(port: ports[0], controlPort: ports[1])
  }

  /// Starts and retires what it takes to come to what was asked for.
  func rescale() {
    var wish = ReplicaWish()
    tolerate("wish") { () throws(SupervisorError) in wish = try run.wish() }
    for (name, count) in wish.counts where mayHaveReplicas(name) {
      let present = services.filter { $0.replica.service == name }
      let steps = ReplicaWish.steps(
        to: count, present: Set(present.map(\.replica.number)),
        retiring: Set(present.filter { $0.retirement != nil }.map(\.replica.number)))
      for step in steps { take(step, of: name) }
    }
  }

  /// A wish may name what the description does not have.
  private func mayHaveReplicas(_ name: ServiceName) -> Bool {
    let topology = options.topology
    guard let place = topology.index(of: name) else { return false }
    return topology.isStarted(topology.services[place]) && !topology.isEntry(name)
  }

  private func take(_ step: ReplicaWish.Step, of name: ServiceName) {
    switch step {
    case .start(let number):
      let added = Self.replica(
        number, of: options.topology[name], options, run: run, log: logPath, beside: services)
      let before = services.lastIndex { $0.replica.service == name && $0.replica.number < number }
      let place = before ?? services.endIndex - 1
      services.insert(added, at: place + 1)
    case .retire(let number): change(ReplicaName(name, number)) { $0 = .draining(since: Monotonic.now()) }
    case .keep(let number):
      change(ReplicaName(name, number)) { retirement in
        // One that was asked to end does so, and is started anew.
        if case .draining = retirement { retirement = nil }
      }
    }
  }

  private func change(_ replica: ReplicaName, _ body: (inout SupervisedService.Retirement?) -> Void) {
    for index in services.indices where services[index].replica == replica { body(&services[index].retirement) }
  }

  // MARK: Who is called

  /// Tells each service which replicas of its callees serve, unless it knows. The last of the chain come first, so that
  /// nobody calls a replica that has not been told of its own callees.
  func introduce() {
    let now = Monotonic.now()
    for index in services.indices.reversed() where services[index].life.isReady {
      let lists = services[index].callees.reduce(into: CalleeLists()) { lists, callee in
        lists[callee] = addresses(of: ServiceName(callee))
      }
      var problem: String?
      do throws(ControlError) { try services[index].tell(lists, at: now) } catch { problem = error.description }
      // Between two attempts nothing new is known.
      guard problem != nil || services[index].told == lists else { continue }
      let name = services[index].name
      complain(
        "tell \(name)", problem, begins: "a service could not be told of its callees", isOver: nil,
        ["service.name": "\(name)"])
    }
    for index in services.indices {
      let address = services[index].address
      services[index].isIntroduced = callers(of: services[index].replica.service).allSatisfy { caller in
        caller.told[services[index].replica.service.rawValue]?.contains(address) ?? false
      }
    }
  }

  private func callers(of name: ServiceName) -> [SupervisedService] {
    services.filter { $0.life.isReady && $0.callees.contains(name.rawValue) }
  }

  /// Of those that serve, by number. Where none does, the first is called, as if there were no others: its callers learn
  /// at once that nobody is there.
  private func addresses(of name: ServiceName) -> [Endpoint?] {
    let replicas = services.filter { $0.replica.service == name }
    let serving = replicas.filter(\.serves)
    let called = serving.isEmpty ? Array(replicas.prefix(1)) : serving
    return (1...(called.last?.replica.number ?? 1)).map { number in
      called.first { $0.replica.number == number }?.address
    }
  }

  // MARK: Retirement

  /// Whether something is under way that no signal will tell of.
  var isChanging: Bool { services.contains { $0.retirement != nil || $0.life.isReady && !$0.isIntroduced } }

  /// Ends replicas that nobody needs any more, once nobody waits for them either.
  func retire() {
    services.removeAll { $0.retirement != nil && $0.child == nil }
    for index in services.indices {
      switch services[index].retirement {
      case .draining(let since):
        guard isLeftAlone(services[index]) || hasPassed(drainLimit, since: since) else { continue }
        services[index].signal(SIGTERM)
        services[index].retirement = .ending(since: Monotonic.now())
      case .ending(let since):
        if hasPassed(options.stopTimeout, since: since) { services[index].signal(SIGKILL) }
      case nil: break
      }
    }
  }

  private func hasPassed(_ limit: Duration, since: UInt64) -> Bool { Monotonic.now() &- since > limit.nanoseconds }

  /// By then every call of a caller has ended, one way or another.
  private var drainLimit: Duration {
    (options.topology.services.map(\.timeout).max() ?? .zero) + .seconds(1)
  }

  private func isLeftAlone(_ service: SupervisedService) -> Bool {
    // One that is not ready has never been called.
    guard service.life.isReady else { return true }
    return !callers(of: service.replica.service).contains { $0.mayCall(service.replica) } && !service.mayBeBusy()
  }
}
