import ChainModel
import ChainTestSupport
import Glibc
import KernelView
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// A service without code of its own, which does what its description says, in every IO model.
  @Suite struct PlayedServiceTests {
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func everyStepIsDone(model: IOModel) async throws {
      let cart = try CannedCallee()
      defer { cart.shutDown() }
      let steps = "[cpu: 2ms, remote: 20ms, store: 3ms orders by user, file: 2ms ledger, call: cart/POST /items]"
      try await LoneService.run("shop", topology: PlayedShop.topology(steps, model, cart: cart)) { service in
        for _ in 0..<3 {
          let sent = Monotonic.now()
          let answer = try service.get("/work")
          #expect(answer.status == 200 && answer.text == #"{"route":"GET /work","service":"shop"}"#, "\(answer.text)")
          #expect(Monotonic.now() - sent > 27_000_000)
        }
        let asked = try #require(cart.requests.first)
        #expect(asked.method == "POST" && asked.target == "/items" && asked.values("content-length") == ["0"])
        #expect(asked.values("traceparent").count == 1)
        let log = try service.snapshot()
        #expect(log.waits(.sleep, model).map { log.name($0) } == Array(repeating: "remote 20ms", count: 3))
        #expect(log.storeWaits(.database) == Array(repeating: "orders by user", count: 3))
        #expect(log.storeWaits(.file) == Array(repeating: "ledger", count: 3))
        #expect(log.waits(.call, model).map { log.name($0) } == Array(repeating: "cart", count: 3))
        #expect(log.ends == Array(repeating: LoggedEnd(status: 200), count: 3))
        try service.expectSoundLog()
      }
    }

    /// Whatever the clock says on a loaded machine, the processor has worked for so long, and not for much longer.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func workIsAProcessors(model: IOModel) async throws {
      try await LoneService.run("shop", topology: PlayedShop.topology("[cpu: 15ms, store: 10ms, file: 5ms]", model)) {
        service in
        _ = try service.get("/work")
        let view = ProcessView(pid: service.pid)
        let before = view.processorTime
        for _ in 0..<10 { #expect(try service.get("/work").status == 200) }
        let used = view.processorTime - before
        #expect(used > .milliseconds(290) && used < .milliseconds(450), "\(used)")
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .nonblockingAsync])
    func routesOfAnyNameAreServed(model: IOModel) async throws {
      let names = [
        "GET /users/{id}", "GET /users/me", "POST /users/{id}", "cart checkout", "GET /users/{name}", "größe",
      ]
      var topology = try PlayedShop.topology("[]", model)
      topology["shop"].routes += names.map { ServiceRoute($0, []) }
      let shop = topology["shop"]
      try await LoneService.run("shop", topology: topology) { service in
        for (route, address) in zip(shop.routes, RouteAddress.all(of: shop)) {
          let answer = try service.client().exchange(address.method, address.path())
          #expect(answer.text == #"{"route":"\#(route.name)","service":"shop"}"#, "\(address)")
        }
        #expect(try service.get("/users/7").text.contains("GET /users/{id}"))
        #expect(try service.get("/ping").text.contains("pong"))
        #expect(try service.get("/nothing").status == 404)
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func faultsAreThoseOfAnyService(model: IOModel) async throws {
      try await LoneService.run("shop", topology: PlayedShop.topology("[remote: 1ms]", model)) { service in
        try service.control.setFault(Fault(.latency(.fixed(.milliseconds(50)))))
        let sent = Monotonic.now()
        #expect(try service.get("/work").status == 200)
        #expect(Monotonic.now() - sent > 50_000_000)
        #expect(try service.snapshot().injectedWaits.count == 1)
        try service.control.setFault(Fault(.error(status: 503)))
        #expect(try service.get("/work").status == 503)
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whatACalleeDoesWrongIsAnswered(model: IOModel) async throws {
      let cart = try CannedCallee { $0.method == "POST" ? .answer(500, "") : .reset }
      defer { cart.shutDown() }
      let topology = try PlayedShop.topology(
        "[call: cart/POST /items]", more: "[call: cart/GET /items]", model, cart: cart)
      try await LoneService.run("shop", topology: topology) { service in
        #expect(try service.get("/work").status == 502)
        #expect(try service.get("/more").status == 502)
        #expect(Set(try service.snapshot().ends.map(\.errorType)) == ["500", "connection_reset"])
        try service.expectSoundLog()
      }
    }
  }
}

/// `shop`, whose routes are those of a test, and `cart`, which it calls and which is not started.
enum PlayedShop {
  static func topology(
    _ work: String, more: String = "[]", _ model: IOModel, threads: Int = 4, cart: CannedCallee? = nil
  ) throws -> Topology {
    let ports = FreePorts.take(3)
    return try Topology.parse(
      """
      defaults: {threads: \(threads), stack_kib: 256, in_flight_limit: 1000, io_model: \(model.rawValue)}
      services:
        shop:
          port: \(ports[0])
          control_port: \(ports[1])
          routes:
            GET /work: \(work)
            GET /more: \(more)
        cart:
          url: http://127.0.0.1:\(cart?.port ?? ports[2])
          routes: {GET /items: [], POST /items: []}
      entries: {shop/GET /work: 1}
      trace_log: {size_mib: 16}
      dashboard: {enabled: false}
      """, file: "shop.yaml")
  }
}

extension LogSnapshot {
  /// What was waited for, each once, whoever did the work.
  fileprivate func storeWaits(_ cause: WaitCause) -> [String] {
    var seen: Set<UInt64> = []
    return records(.waitStart).filter { $0.detail == cause.rawValue && seen.insert($0.other).inserted }.map { name($0) }
  }
}

extension RawClient {
  /// One request without a body, of any method.
  fileprivate func exchange(_ method: String, _ path: String) throws -> RawAnswer {
    try send("\(method) \(path) HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n")
    return try answer()
  }
}
