import ChainModel
import Testing

import Topology

@Suite struct TopologyParseTests {
  private func service(_ name: ServiceName, _ change: (inout ServiceConfiguration) -> Void) -> ServiceConfiguration {
    var service = ServiceConfiguration(name: name)
    (service.port, service.controlPort) = (8081, 9081)
    change(&service)
    return service
  }

  @Test func theSmallestFileGetsEveryDefault() throws {
    let topology = try Topology.parse(smallest, file: "f")
    #expect(topology.names == Topology.standard.names)
    #expect(
      topology[.userService]
        == service(.userService) { $0.routes = [ServiceRoute("GET /", [.call(service: 2, route: 0)])] })
    #expect(topology[.userService].isPlayed && topology[.userService].url == nil)
    #expect(topology.entries == [.init(service: 0)] && topology.front.name == .gateway && topology.isEntry(.gateway))
    #expect(topology.cores == nil && topology.hop == .zero)
    #expect(topology.traceLog == TraceLogConfiguration(directory: "/dev/shm", sizeMiB: 256, enabled: true))
    #expect(topology.seed == SeedConfiguration(value: 1, users: 1000))
    #expect(topology.dashboard == DashboardConfiguration(port: 8079, enabled: true))
  }

  @Test func everyKeyIsRead() throws {
    let text = """
      services:
        gateway: {port: 1, control_port: 2, io_model: nonblocking-async, threads: 3, program: gate-2,
          stack_kib: 64, store_threads: 4, queue_limit: 0, overflow: backlog, backlog: 5, loops: 6, cores: 13, in_flight_limit: 7,
          connection_limit: 8, timeout_ms: 9, request_timeout_ms: 10, idle_timeout_ms: 11,
          latency: "p50:10ms,p90:50ms,p99:1s", call_policy: retries=3 keep_alive=off,
          min_remaining_ms: 12, on_leave: finish, store: loop, routes: {GET /: []}}
        bank: {url: "http://bank.example:80/", replicas: 2, routes: {GET /: []}}
      entries: {gateway/GET /: 1}
      trace_log: {directory: "/tmp/a *b & #c", size_mib: 16, enabled: false}
      seed: {value: 0, users: 1}
      dashboard: {port: 3, enabled: false}
      """
    let topology = try Topology.parse(text, file: "f")
    let expected = service(.gateway) { service in
      (service.port, service.controlPort, service.model, service.threads) = (1, 2, .nonblockingAsync, 3)
      (service.program, service.stackKiB, service.storeThreads, service.queueLimit) = ("gate-2", 64, 4, 0)
      (service.overflow, service.backlog, service.loops, service.inFlightLimit) = (.backlog, 5, 6, 7)
      (service.connectionLimit, service.timeout) = (8, .milliseconds(9))
      (service.requestTimeout, service.idleTimeout) = (.milliseconds(10), .milliseconds(11))
      service.latency = .percentiles(p50: .milliseconds(10), p90: .milliseconds(50), p99: .seconds(1))
      service.callPolicy.retries = 3
      service.callPolicy.keepAlive = false
      service.cores = 13
      (service.minRemaining, service.onLeave, service.store) = (.milliseconds(12), .finish, .loop)
      service.routes = [ServiceRoute("GET /", [])]
    }
    #expect(topology[.gateway] == expected)
    #expect(topology["bank"].url == Endpoint("bank.example:80") && topology["bank"].replicas == 2)
    #expect(topology.traceLog == TraceLogConfiguration(directory: "/tmp/a *b & #c", sizeMiB: 16, enabled: false))
    #expect(topology.seed == SeedConfiguration(value: 0, users: 1))
    #expect(topology.dashboard == DashboardConfiguration(port: 3, enabled: false))
  }

  @Test func everyStepIsRead() throws {
    let topology = try Topology.parse(shop, file: "f")
    #expect(topology.names == ["shop", "cart", "stock", "bank"])
    #expect(topology.cores == 8 && topology.hop == .microseconds(200))
    #expect(topology.services.map(\.onLeave) == [.finish, .cancel, .cancel, .cancel])
    #expect(
      topology["shop"].routes == [
        ServiceRoute(
          "GET /checkout",
          [
            .cpu(.latency(.fixed(.microseconds(400)))), .call(service: 1, route: 0),
            .all([
              .call(service: 2, route: 0), .remote(.latency(.fixed(.milliseconds(30)))),
              .store(.latency(.fixed(.milliseconds(2))), label: "orders by user", isFile: false),
              .call(service: 3, route: 0),
            ]),
          ]), ServiceRoute("GET /ping", []),
      ])
    #expect(
      topology["cart"].routes[0].steps == [
        .cpu(.exponential(mean: .microseconds(300))),
        .store(.latency(.fixed(.microseconds(40))), label: "ledger of carts", isFile: true),
        .remote(.latency(.lognormal(median: .milliseconds(50), sigma: 0.5))), .call(service: 2, route: 0),
      ])
    // What code of its own does takes as long as it takes.
    #expect(
      topology["stock"].routes[0].steps == [
        .store(nil, label: "stock by item", isFile: false),
        .store(.latency(.fixed(.microseconds(100))), label: "store", isFile: false),
      ])
    #expect(topology.entries == [.init(service: 0, weight: 3), .init(service: 0, route: 1, weight: 0.5)])
    #expect(topology.callees(of: "shop") == ["cart", "stock", "bank"] && topology.callees(of: "stock").isEmpty)
    #expect(topology.depths == [1, 2, 3, 2] && topology.deepestPath.map(\.name) == ["shop", "cart", "stock"])
  }

  @Test func aServiceOverridesTheDefaultsSection() throws {
    let own = try smallest(replacing: "order-service:\n", with: "order-service:\n    threads: 3\n")
    let topology = try Topology.parse(own + "defaults:\n  threads: 7\n  latency: 1ms..2ms\n", file: "f")
    #expect(topology.services.map(\.threads) == [7, 7, 3, 7])
    #expect(topology.services.allSatisfy { $0.latency == .uniform(.milliseconds(1), .milliseconds(2)) })
  }

  @Test func aByteOrderMarkAndCarriageReturnsAreRead() throws {
    let text = "\u{FEFF}" + smallest.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
    #expect(try Topology.parse(text, file: "f") == Topology.parse(smallest, file: "f"))
  }

  @Test(arguments: IOModel.allCases)
  func everyModelHasItsNameInTheFile(model: IOModel) throws {
    let topology = try Topology.parse(smallest + "defaults: {io_model: \(model.rawValue)}", file: "f")
    #expect(topology.services.allSatisfy { $0.model == model })
  }

  @Test(.timeLimit(.minutes(1))) func thousandsOfServicesAreRead() throws {
    let count = 4000
    var topology = Topology(services: [], entries: [.init(service: 0)])
    for index in 0..<count {
      var service = ServiceConfiguration.standard
      service.name = ServiceName("service-a\(index)")
      var steps: [Step] = [.cpu(.exponential(mean: .milliseconds(1)))]
      if index + 1 < count { steps.append(.call(service: index + 1, route: 0)) }
      service.routes = [ServiceRoute("GET /\(index)", steps)]
      topology.services.append(service)
    }
    topology.setPorts()
    let ports = topology.services.flatMap { [$0.port, $0.controlPort] }
    #expect(Set(ports).count == 2 * count && ports.allSatisfy { $0 < 65536 })
    #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
  }
}

/// Where a service listens when its file does not say.
@Suite struct PlacePortTests {
  @Test func portsFollowFromTheServicesPlace() throws {
    let topology = try Topology.parse(shop, file: "f")
    #expect(topology.services.map(\.port) == [8080, 7000, 8082, 0])
    #expect(topology.services.map(\.controlPort) == [9080, 9081, 9082, 0])
  }

  @Test func aServiceElsewhereTakesNoPort() throws {
    let text = try smallest(replacing: "user-service:\n", with: "user-service:\n    url: http://127.0.0.1:8082\n")
    #expect(try Topology.parse(text, file: "f")[.orderService].port == 8082)
  }
}
