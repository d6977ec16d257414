import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology

/// Services are started where their host is, and nowhere else.
@Suite struct PlacementTests {
  /// The front here, payment-service on another host.
  private static func topology(_ host: HostConfiguration) -> Topology {
    var topology = Topology.standard
    topology.hosts = [host]
    topology[.paymentService].host = host.name
    return topology
  }

  private func refusal(_ topology: Topology) -> String? {
    do throws(SupervisorError) {
      try Placement.check(topology)
      return nil
    } catch {
      #expect(error.exitCode == .configuration)
      return error.description
    }
  }

  @Test(arguments: ["127.0.0.2", "localhost", "::1", "0.0.0.0"]) func aHostThatIsThisMachineIsFine(address: String) {
    #expect(refusal(Self.topology(HostConfiguration("blue", at: address))) == nil)
    #expect(refusal(Self.topology(HostConfiguration("blue", at: "192.0.2.1", listen: address))) == nil)
    #expect(refusal(.standard) == nil)
  }

  /// 192.0.2.0/24 is nobody's (RFC 5737).
  @Test func aHostThatIsNotThisMachineIsSaidWithWhatToDo() throws {
    let words = try #require(refusal(Self.topology(HostConfiguration("blue", at: "192.0.2.1"))))
    for part in [
      "found payment-service on blue (192.0.2.1), expected hosts that are this machine, which has 127.0.0.1",
      "; start each host's services there, on blue: chainlab up --host blue; here: chainlab up --host here",
    ] {
      #expect(words.contains(part), "\(words)")
    }
  }

  @Test func whatIsNotStartedHereMayBeAnywhere() throws {
    var topology = Self.topology(HostConfiguration("blue", at: "192.0.2.1"))
    topology.start(only: "here")
    #expect(refusal(topology) == nil)
    topology.start(only: "blue")
    let words = try #require(refusal(topology))
    #expect(
      words.contains("found payment-service on blue (192.0.2.1)") && words.contains("hosts.blue.listen"), "\(words)")
  }

  @Test func aNameThatNobodyKnowsIsSaid() throws {
    let words = try #require(refusal(Self.topology(HostConfiguration("blue", at: "nobody.invalid"))))
    #expect(words.hasPrefix("hosts.blue: the address of nobody.invalid is not known here ("), "\(words)")
  }
}
