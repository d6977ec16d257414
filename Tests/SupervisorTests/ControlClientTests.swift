import ChainModel
import Glibc
import Supervisor
import Testing

@Suite struct ControlClientTests {
  private func client(_ port: CannedControlPort, timeout: Duration = .seconds(5)) -> ControlClient {
    ControlClient(service: .orderService, port: port.port, timeout: timeout)
  }

  @Test func changesTravelAsJSON() throws {
    let port = try CannedControlPort("200 OK", "")
    let client = client(port)
    try client.setMode(.nonblockingAsync)
    try client.setPool(PoolChange(threads: 8))
    try client.setFault(Fault(.latency(.fixed(.seconds(1))), share: 0.5, user: "ada"))
    try client.setFault(Fault(.hang))
    try client.clearFaults()
    #expect(
      port.requests == [
        #"PUT /mode {"mode":"nonblocking-async"}"#, #"PUT /pool {"threads":"8"}"#,
        #"PUT /fault {"latency":"1s","share":"50%","user":"ada"}"#, #"PUT /fault {"hang":""}"#, "DELETE /fault ",
      ])
    #expect(port.heads.allSatisfy { $0.contains("Host: 127.0.0.1:\(port.port)\r\n") })
    #expect(port.heads.prefix(4).allSatisfy { $0.contains("Content-Type: application/json\r\n") })
    #expect(!port.heads.contains { $0.contains("Expect:") })
  }

  @Test func whateverTheServiceAnswersIsHandedOn() throws {
    let port = try CannedControlPort("418 I'm a teapot", "short and stout")
    let answer = try client(port).get("/metrics")
    #expect(answer.status == 418)
    #expect(answer.body == Array("short and stout".utf8))
  }

  @Test func statusIsRead() throws {
    let status = ServiceStatus(
      service: "order-service", pid: 7, mode: .async, uptimeMs: 1500,
      pool: .init(threads: 4, running: 4, busy: 3, queued: 2, queueLimit: 64, overflow: "reject"), inFlight: 5,
      connections: 6,
      limits: .init(inFlight: 400, rule: "adaptive", isShedding: true, connections: 800, descriptors: 1024),
      threads: .init(total: 9, workers: 4, loops: 2, hired: 0, store: 1, control: 1),
      memory: .init(virtual: 1 << 30, resident: 1 << 20, stacks: 1 << 22), faults: ["latency=1s"],
      log: .init(dropped: 0))
    let port = try CannedControlPort("200 OK", String(decoding: WireJSON.encode(status), as: UTF8.self))
    #expect(try client(port).status() == status)
  }

  @Test func onlyA200IsReady() throws {
    #expect(client(try CannedControlPort("200 OK", "")).isReady())
    #expect(!client(try CannedControlPort("503 Service Unavailable", "")).isReady())
    #expect(!ControlClient(service: .gateway, port: TestPorts.take()).isReady())
  }

  @Test func aRefusalCarriesTheServicesReason() throws {
    let problem = #"{"type":"about:blank","title":"Bad Request","status":400,"detail":"threads: found 0"}"#
    let port = try CannedControlPort("400 Bad Request", problem)
    let error = #expect(throws: ControlError.self) { try client(port).setPool(PoolChange(threads: 0)) }
    #expect(error == .refused(service: "order-service", status: 400, detail: "threads: found 0"))
    #expect(error?.description == "order-service refused (400): threads: found 0")
    #expect(error?.exitCode == .refused)
  }

  @Test func aRefusalMayHaveNoReason() throws {
    let port = try CannedControlPort("404 Not Found", "")
    #expect(throws: ControlError.refused(service: "order-service", status: 404, detail: "it gives no reason")) {
      try client(port).clearFaults()
    }
  }

  @Test func nobodyThereIsUnreachable() {
    let port = TestPorts.take()
    let error = #expect(throws: ControlError.self) { try ControlClient(service: .gateway, port: port).status() }
    #expect(error == .unreachable(service: "gateway", port: port, reason: "the connection was refused"))
    #expect(error?.exitCode == .unreachable)
  }

  @Test func aConnectionThatBreaksIsUnreachable() throws {
    let port = try CannedControlPort { _ in [] }
    let error = #expect(throws: ControlError.self) { try client(port).status() }
    guard case .unreachable("order-service", port.port, _) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }

  @Test func aSilentPortTimesOut() throws {
    let listener = try TestListener()
    let client = ControlClient(service: .gateway, port: listener.port, timeout: .milliseconds(100))
    let error = #expect(
      throws: ControlError.timeout(service: "gateway", port: listener.port, after: .milliseconds(100))
    ) {
      try client.status()
    }
    #expect(error?.description == "gateway did not answer on its control port \(listener.port) within 100 ms")
  }

  @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"])
  func aStrangerIsNoControlPort(answer: String) throws {
    let port = try CannedControlPort { _ in Array(answer.utf8) }
    let error = #expect(throws: ControlError.self) { try client(port).status() }
    guard case .malformedAnswer("order-service", port.port, _) = error else {
      Issue.record("found \(String(describing: error))")
      return
    }
  }

  @Test func aProxyInTheEnvironmentIsNotAsked() async {
    // The environment belongs to a whole process.
    await #expect(processExitsWith: .success) {
      setenv("http_proxy", "http://127.0.0.1:1", 1)
      let port = try CannedControlPort("200 OK", "")
      #expect(ControlClient(service: .gateway, port: port.port).isReady())
    }
  }
}
