import ChainModel
import Glibc
import Supervisor
import Testing

@Suite struct PortCheckTests {
  @Test(arguments: ["127.0.0.1", "0.0.0.0", "::"]) func aTakenPortNamesItsOwner(address: String) throws {
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
    #expect(taken.port == port && taken.service == .orderService && taken.isControlPort)
    #expect(owner.pid == getpid())
    #expect(!owner.command.isEmpty)
    #expect(error?.exitCode == .portInUse)
    #expect(
      error?.description.hasPrefix(
        "port \(port), order-service's control port, is taken by process \(getpid()) (\(owner.command))") == true)
  }

  @Test func aPortIsFreeAgainOnceItIsClosed() throws {
    let port = TestPorts.take()
    do {
      let listener = try TestListener(port: port)
      #expect(!PortCheck.isFree(host: "127.0.0.1", port: port))
      // What remains of a connection that the server closed first does not count.
      try listener.acceptAndCloseOne()
    }
    #expect(PortCheck.isFree(host: "127.0.0.1", port: port))
  }
}
