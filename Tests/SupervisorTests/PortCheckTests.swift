import ChainModel
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

@Suite struct PortCheckTests {
  @Test(arguments: ["127.0.0.1", "0.0.0.0", "::", "::1"]) func aTakenPortNamesItsOwner(address: String) throws {
    let folder = try TemporaryFolder()
    let chain = try TestChain(in: folder)
    let port = chain[.orderService].controlPort
    let listener = try TestListener(address: address, port: port)
    defer { withExtendedLifetime(listener) {} }
    let error = #expect(throws: SupervisorError.self) { try PortCheck.requireFree(chain.topology) }
    guard case .portsInUse(let ports) = error, let taken = ports.first, let owner = taken.owner else {
      Issue.record("found \(String(describing: error)), expected a taken port with an owner")
      return
    }
    #expect(ports.count == 1)
    #expect(taken.port == port && taken.purpose == "order-service's control port")
    #expect(owner.pid == getpid())
    #expect(!owner.command.isEmpty)
    #expect(error?.exitCode == .portInUse)
    #expect(
      error?.description.hasPrefix(
        "port \(port), order-service's control port, is taken by process \(getpid()) (\(owner.command))") == true)
  }

  @Test func thePagesPortIsNeededOnlyIfThereIsAPage() throws {
    let folder = try TemporaryFolder()
    var topology = try TestChain(in: folder).topology
    let port = FreePorts.take(1)[0]
    topology.dashboard = DashboardConfiguration(port: port, enabled: true)
    let listener = try TestListener(address: "127.0.0.1", port: port)
    defer { withExtendedLifetime(listener) {} }
    let error = #expect(throws: SupervisorError.self) { try PortCheck.requireFree(topology) }
    #expect(error?.description.contains("port \(port), the page's (dashboard.port), is taken by") == true)
    topology.dashboard.enabled = false
    try PortCheck.requireFree(topology)
  }

  @Test func aCommandFitsIntoAMessage() async throws {
    let folder = try TemporaryFolder()
    let script = "sleep 60\n# \(String(repeating: "x", count: 200))"
    let child = try Command(
      executable: "/bin/sh", arguments: ["-c", script], environment: [:], output: "\(folder.path)/output"
    ).spawn()
    defer { child.end() }
    // A process has its arguments a moment after it has its pid.
    let hasArguments = await eventually { !ProcessTable.arguments(of: child.identity.pid).isEmpty }
    #expect(hasArguments)
    let command = ProcessTable.command(of: child.identity.pid)
    #expect(command.hasPrefix("/bin/sh -c sleep 60 # xxx") && command.count == 80 && command.hasSuffix("…"))
  }

  @Test func aPortIsFreeAgainOnceItIsClosed() throws {
    let port = TestPorts.take()
    do {
      let listener = try TestListener(port: port)
      #expect(!PortCheck.isFree(Endpoint(port: port)))
      // What remains of a connection that the server closed first does not count.
      try listener.acceptAndCloseOne()
    }
    #expect(PortCheck.isFree(Endpoint(port: port)))
  }

  /// Two addresses of one machine have ports of their own.
  @Test(arguments: [("127.0.0.2", "127.0.0.3"), ("::1", "127.0.0.2")])
  func aPortIsTakenOnItsAddressAlone(address: String, other: String) throws {
    let listener = try TestListener(address: address, port: TestPorts.take())
    defer { withExtendedLifetime(listener) {} }
    #expect(!PortCheck.isFree(Endpoint(address, port: listener.port)))
    #expect(PortCheck.isFree(Endpoint(other, port: listener.port)))
    #expect(PortCheck.isFree(Endpoint(port: listener.port)) == (address != "::1"))
  }
}
