import ChainModel
import Testing
import Topology

/// `hosts:`, and `host:` of a service.
@Suite struct HostTests {
  private static let hosts = """
    hosts:
      blue: {address: 10.77.0.12}
      green:
        address: green.lan
        listen: "fd00::13"
        agent_port: 7171

    """

  /// The gateway on blue, payment-service on green, the others on blue by default.
  private static func placed(_ hosts: String = hosts, defaults: String = "{host: blue}") throws -> String {
    try smallest(replacing: "  payment-service:\n", with: "  payment-service:\n    host: green\n")
      + "defaults: \(defaults)\n" + hosts
  }

  @Test func aServiceHasTheAddressesOfItsHost() throws {
    let topology = try Topology.parse(Self.placed(), file: "f")
    #expect(
      topology.hosts == [
        HostConfiguration("blue", at: "10.77.0.12"),
        HostConfiguration("green", at: "green.lan", listen: "fd00::13", agentPort: 7171),
      ])
    #expect(topology.services.map(\.host) == ["blue", "blue", "blue", "green"])
    #expect(topology.front.endpoint == Endpoint("10.77.0.12", port: 8080) && topology.front.listen == "10.77.0.12")
    #expect(topology[.paymentService].endpoint == Endpoint("green.lan", port: 8083))
    #expect(topology[.paymentService].listen == "fd00::13")
    #expect(topology.usedHosts.map(\.name) == ["blue", "green"])
    #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
  }

  @Test func withoutAWordAboutHostsAllIsOnLoopback() throws {
    let topology = try Topology.parse(smallest, file: "f")
    #expect(topology.services.allSatisfy { $0.host == "here" && $0.listen == "127.0.0.1" && $0.endpoint.isLoopback })
    #expect(topology.usedHosts == [HostConfiguration("here", at: "127.0.0.1")])
    #expect(!topology.yaml().contains("host"))
  }

  /// Whoever uses the file may run the front, and leave the rest to others.
  @Test func hereIsWhereNoHostIsNamed() throws {
    let text = try Self.placed(defaults: "{}")
    let topology = try Topology.parse(text, file: "f")
    #expect(topology.services.map(\.address) == ["127.0.0.1", "127.0.0.1", "127.0.0.1", "green.lan"])
    let here = try Topology.parse(text.replacing("hosts:\n", with: "hosts:\n  here: {address: 10.77.0.1}\n"), file: "f")
    #expect(here.services.map(\.address) == ["10.77.0.1", "10.77.0.1", "10.77.0.1", "green.lan"])
  }

  @Test func oneHostStartsItsOwnServicesAlone() throws {
    var topology = try Topology.parse(Self.placed(), file: "f")
    #expect(topology.started.map(\.name) == topology.names)
    topology.start(only: "green")
    #expect(topology.started.map(\.name) == [.paymentService])
  }

  @Test func aSettingMovesAService() throws {
    let topology = try Topology.parse(
      Self.placed(), file: "f", settings: [Setting(word: "order-service.host=green")])
    #expect(topology[.orderService].endpoint == Endpoint("green.lan", port: 8082))
    let moved = refusal(of: try Self.placed(), settings: [Setting(word: "order-service.host=red")])
    #expect(moved.count == 1 && moved[0].contains("found red, expected one of blue, green"), "\(moved)")
  }

  typealias Case = TopologyErrorTests.Case

  private static let address =
    "a host's address (an address such as 10.77.0.12 or fd00::1, or a name such as green.lan)"
  private static let name = "a host (a name under hosts, of letters, digits and -)"

  @Test(arguments: [
    Case(
      "{address: 10.77.0.12}", "{}", "f:19:3: hosts.blue: found no address, expected address: \(Endpoint.hostForms)"),
    Case(
      "10.77.0.12", "10.77.0.256", "f:19:19: hosts.blue.address: found 10.77.0.256, expected \(address)"),
    Case(
      "10.77.0.12", "0.0.0.0",
      "f:19:19: hosts.blue.address: found 0.0.0.0, expected an address at which others call it; "
        + "listen: 0.0.0.0 is for all that the host has"),
    Case("green.lan", "green.lan:80", "f:21:14: hosts.green.address: found green.lan:80, expected \(address)"),
    Case("\"fd00::13\"", "[a]", "f:22:13: hosts.green.listen: found a list, expected \(address)"),
    Case("7171", "0", "f:23:17: hosts.green.agent_port: found 0, expected a whole number (1…65535)"),
    Case(
      "agent_port", "agentport",
      "f:23:5: hosts.green.agentport: found an unknown key, expected one of address, listen, agent_port; did you mean agent_port?"
    ),
    Case("  blue:", "  a_b:", "f:19:3: hosts.a_b: found a_b, expected \(name)"),
    Case(
      "{address: 10.77.0.12}", "10.77.0.12",
      "f:19:9: hosts.blue: found 10.77.0.12, expected a mapping with address, listen, agent_port"),
  ])
  func aHostThatCannotBeIsRefused(wrong: Case) throws {
    let text = try Self.placed(Self.hosts.replacing(wrong.old, with: wrong.new), defaults: "{host: here}")
    #expect(refusal(of: text) == wrong.expected)
  }

  @Test func aHostThatTheFileDoesNotHaveIsRefused() throws {
    let text = try Self.placed().replacing("host: green\n", with: "host: gren\n")
    #expect(
      refusal(of: text) == [
        "f:12:11: services.payment-service.host: found gren, expected one of blue, green; did you mean green?"
      ])
    let alone = try smallest(replacing: "  payment-service:\n", with: "  payment-service:\n    host: green\n")
    #expect(
      refusal(of: alone) == [
        "f:12:11: services.payment-service.host: found green, expected a host of this file: it has no hosts"
      ])
  }

  /// It would listen where its caller cannot reach it.
  @Test func aCalleeOnLoopbackIsRefusedWhereItsCallerIsElsewhere() throws {
    let text = try Self.placed(defaults: "{}").replacing("  gateway:\n", with: "  gateway:\n    host: blue\n")
    #expect(
      refusal(of: text) == [
        "f:6:3: services.user-service.host: found here, where it listens on 127.0.0.1 alone, "
          + "expected a host with an address that others reach: gateway, on blue, calls it"
      ])
  }

  @Test func aHostAndAURLAreOneTooMany() throws {
    let text = try Self.placed().replacing("host: green\n", with: "host: green\n    url: http://bank.lan:80\n")
    #expect(
      refusal(of: text) == ["f:12:11: services.payment-service.host: found green, and a url, expected one of the two"])
    // What all have in common may say where they are.
    let other = try Self.placed().replacing("    host: green\n", with: "    url: http://[fd00::5]:9000\n")
    #expect(try Topology.parse(other, file: "f")[.paymentService].endpoint == Endpoint("fd00::5", port: 9000))
  }
}
