import ChainModel
import ChainTestSupport
import EventLoop
import Supervisor
import Testing
import Topology

extension OneService {
  /// A service listens on its host's address and nowhere else; its control port never leaves loopback.
  @Suite struct BindingTests {
    private static func topology(_ host: HostConfiguration) -> Topology {
      var topology = LoneService.topology(.paymentService)
      topology.hosts = [host]
      topology[.paymentService].host = host.name
      // All on one machine, or callers on loopback alone could not be called back.
      for name in topology.names { topology[name].host = host.name }
      return topology
    }

    private static func status(_ host: String, _ port: Int, headers: [String] = []) -> Int? {
      HTTPProbe("\(Endpoint(host, port: port).url)/ping", headers: headers, timeout: .seconds(5)).send()?.status
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["127.0.0.2", "::1"])
    func itListensOnItsHostsAddressAlone(address: String) async throws {
      try await LoneService.run(.paymentService, topology: Self.topology(HostConfiguration("blue", at: address))) {
        service in
        #expect(Self.status(address, service.port) == 200)
        #expect(Self.status("127.0.0.1", service.port) == nil)
        #expect(service.control.isReady())
        for other in ["127.0.0.2", "127.0.0.3"] { #expect(Self.status(other, service.controlPort) == nil) }
      }
    }

    /// Only the file can say that it listens on all addresses.
    @Test(.timeLimit(.minutes(1))) func itListensEverywhereIfToldTo() async throws {
      let host = HostConfiguration("blue", at: "payment.lan", listen: "0.0.0.0")
      try await LoneService.run(.paymentService, topology: Self.topology(host)) { service in
        for address in ["127.0.0.1", "127.0.0.9"] {
          for name in ["payment.lan", address, "10.77.0.12"] {
            #expect(Self.status(address, service.port, headers: ["Host: \(name):\(service.port)"]) == 200, "\(name)")
          }
          #expect(Self.status(address, service.port, headers: ["Host: evil.example"]) == 421)
        }
        #expect(Self.status("127.0.0.9", service.controlPort) == nil)
      }
    }

    /// A page's own name may lead here; the address of this host is no such name.
    @Test(.timeLimit(.minutes(1))) func itKnowsItsHostsAddressAndNoOther() async throws {
      let topology = Self.topology(HostConfiguration("blue", at: "127.0.0.2"))
      try await LoneService.run(.paymentService, topology: topology) { service in
        for host in ["127.0.0.2", "127.0.0.2:\(service.port)", "payment-service", "localhost"] {
          #expect(Self.status("127.0.0.2", service.port, headers: ["Host: \(host)"]) == 200, "\(host)")
        }
        for host in ["127.0.0.3", "evil.example", "127.0.0.2.evil.example"] {
          let probe = HTTPProbe("\(Endpoint("127.0.0.2", port: service.port).url)/ping", headers: ["Host: \(host)"])
          let answer = try #require(probe.send())
          #expect(answer.status == 421, "\(host)")
        }
      }
    }

    @Test(.timeLimit(.minutes(1))) func anAddressThatThisMachineDoesNotHaveIsSaid() async throws {
      let folder = try LoneServiceFolder()
      // Reserved for documentation (RFC 5737).
      try folder.write(Self.topology(HostConfiguration("blue", at: "192.0.2.1")).yaml())
      let arguments = Array(folder.arguments(of: .paymentService).dropLast(2))
      #expect(try folder.runInVain(.paymentService, arguments) == .exited(69))
      #expect(folder.output.contains("cannot listen on 192.0.2.1:"), "\(folder.output)")
      #expect(folder.output.contains("this machine has no such address; correct its host"), "\(folder.output)")
    }
  }
}
