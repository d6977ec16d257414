import ChainModel
import Supervisor
import Testing
import Topology

/// Which containers a described system becomes, and what cannot become one.
@Suite struct DeploymentTests {
  @Test func withoutHostsEachServiceGetsOneCalledLikeIt() throws {
    let deployment = try Sample.deployment(Sample.shop)
    #expect(deployment.hosts.map(\.name) == ["shop", "cart", "stock"])
    #expect(deployment.hosts.map { $0.services.map(\.name) } == [["shop"], ["cart"], ["stock"]])
    for service in deployment.topology.services where service.url == nil {
      #expect(service.host == service.name.rawValue && service.address == service.name.rawValue)
      #expect(service.listen == "0.0.0.0")
    }
  }

  @Test func hostsThatAreDescribedAreKeptWithAllTheirServices() throws {
    let deployment = try Sample.deployment(Sample.placed)
    #expect(deployment.hosts.map(\.name) == ["web", "blue", "green", "admin"])
    #expect(deployment.hosts[1].services.map(\.name) == ["a", "b"])
    #expect(deployment.hosts.map(\.configuration.address) == ["web", "blue", "green-net", "admin"])
    #expect(deployment.hosts.map(\.configuration.agentPort) == [7070, 7171, 7070, 7070])
    #expect(deployment.hosts.allSatisfy { $0.configuration.listen == "0.0.0.0" })
  }

  /// The lab reads what is written.
  @Test(arguments: [Sample.shop, Sample.placed, Sample.twenty]) func theDescriptionIsReadAsItWasMeant(text: String)
    throws
  {
    let deployment = try Sample.deployment(text)
    let base = try KubernetesBase(deployment).files().text("services.yaml")
    #expect(try Topology.parse(base, file: "f") == deployment.topology)
    let compose = ComposeFile(deployment, name: "c.yaml").files.text("c.services.yaml")
    var published = deployment.topology
    published.dashboard.listen = "0.0.0.0"
    #expect(try Topology.parse(compose, file: "f") == published)
  }

  @Test func nothingElseOfTheDescriptionIsChanged() throws {
    var described = Topology.standard
    described.traceLog.directory = "/elsewhere"
    described.seed.users = 7
    var deployed = try Deployment(described, image: "i", file: "f").topology
    #expect(deployed.traceLog.directory == "/dev/shm", "no other folder of a container is in memory")
    (deployed.hosts, deployed.traceLog) = ([], described.traceLog)
    for index in deployed.services.indices {
      let service = described.services[index]
      deployed.services[index].host = service.host
      (deployed.services[index].address, deployed.services[index].listen) = (service.address, service.listen)
    }
    #expect(deployed == described)
  }

  @Test func aPortIsKnownWithWhoCallsIt() throws {
    let hosts = try Sample.deployment(Sample.placed).hosts
    #expect(hosts.map(\.entryPorts) == [[8080], [], [], [8084]])
    #expect(hosts[1].calls == [.init(port: 8081, callers: ["web"]), .init(port: 8082, callers: ["web"])])
    #expect(hosts[2].calls == [.init(port: 8083, callers: ["web", "blue", "admin"])])
    #expect(hosts[0].calls.isEmpty)
  }

  @Test func aServiceThatIsElsewhereGetsNoContainer() throws {
    let deployment = try Sample.deployment(Sample.shop)
    #expect(!deployment.hosts.contains { $0.services.contains { $0.name == "bank" } })
    #expect(deployment.topology["bank"].url == Endpoint("bank.example", port: 9000))
    let refused = try Sample.refusal(Sample.shop.replacing("bank.example", with: "127.0.0.1"))
    #expect(refused.count == 1 && refused[0].contains("services.bank.url: found http://127.0.0.1:9000"), "\(refused)")
    #expect(refused[0].contains("--set bank.url="))
  }

  /// From other hosts only the first is called.
  @Test func replicasThatNobodyCallsAreSaid() throws {
    let notes = try Sample.deployment(Sample.shop).notes
    #expect(notes.count == 1 && notes[0].hasPrefix("cart has 3 processes in one container"), "\(notes)")
    #expect(try Sample.deployment(Sample.placed).notes.isEmpty)
    let together = """
      hosts: {blue: {address: blue}}
      defaults: {host: blue}
      services:
        shop: {routes: {GET /: [call: cart/GET /]}}
        cart: {replicas: 3, routes: {GET /: []}}
      entries: {shop/GET /: 1}
      """
    #expect(try Sample.deployment(together).notes.isEmpty)
  }

  @Test(arguments: [
    "Cart", "my cart", "cart_1", "2fa", "cart.eu", "a\u{fc}", "cart-", String(repeating: "c", count: 59), "lab", "here",
    "localhost", "a:b", "a#b", "a\\\"b",
  ])
  func aNameThatIsNoLabelIsRefused(name: String) throws {
    let refused = try Sample.refusal(Sample.lone(name))
    #expect(refused.count == 1, "\(refused)")
    #expect(refused.first?.contains("expected a DNS label") == true)
    #expect(refused.first?.hasPrefix("f: services.") == true)
    // On a host with another name it may be called anything that the file allows.
    let placed = Sample.lone(name, "host: h1, ", hosts: "hosts: {h1: {address: h1}}\n")
    #expect(try Sample.refusal(placed).isEmpty)
  }

  @Test(arguments: ["10.77.0.12", "green.lan", "fd00::1", "Green", "lab"]) func anAddressThatIsNoLabelIsRefused(
    address: String
  ) throws {
    let refused = try Sample.refusal(Sample.lone("a", "host: h1, ", hosts: "hosts: {h1: {address: \"\(address)\"}}\n"))
    #expect(refused.count == 1 && refused[0].hasPrefix("f: hosts.h1.address: found \(address), expected"), "\(refused)")
  }

  @Test func namesThatMeanTwoContainersAreRefused() throws {
    let twice = "hosts: {h1: {address: h2}, h2: {address: x}}\nservices:\n"
    let both =
      twice + "  a: {host: h1, routes: {GET /: [call: b/GET /]}}\n  b: {host: h2, routes: {GET /: []}}\n"
      + "entries: {a/GET /: 1}\n"
    #expect(try Sample.refusal(both) == ["f: hosts.h2: found h2, expected a name and an address that h1 does not have"])
    let taken =
      "hosts: {a: {address: a}}\nservices:\n  a: {routes: {GET /: [call: b/GET /]}}\n"
      + "  b: {host: a, routes: {GET /: []}}\nentries: {a/GET /: 1}\n"
    let refused = try Sample.refusal(taken)
    #expect(refused.count == 1 && refused[0].hasPrefix("f: services.a: found no host"), "\(refused)")
  }

  @Test func whatAnAgentWouldNotStartIsRefused() throws {
    let program = try Sample.refusal(Sample.lone("a", "program: mine, "))
    #expect(program.count == 1 && program[0].hasPrefix("f: services.a.program: found mine"), "\(program)")
    for key in ["port", "control_port"] {
      let refused = try Sample.refusal(Sample.lone("a", "\(key): 7070, "))
      #expect(refused.count == 1 && refused[0].hasPrefix("f: services.a.\(key): found 7070"), "\(refused)")
    }
    let reserved = try Sample.refusal(Sample.lone("supervisor"))
    #expect(reserved.count == 1 && reserved[0].hasPrefix("f: services.supervisor: found supervisor"), "\(reserved)")
  }

  @Test func everythingThatIsWrongIsSaidAtOnce() throws {
    let text = """
      services:
        Shop: {program: mine, routes: {GET /: [call: bank/GET /]}}
        bank: {url: "http://localhost:1", routes: {GET /: []}}
      entries: {Shop/GET /: 1}
      """
    #expect(try Sample.refusal(text).count == 3)
  }

  @Test func anImagesNameIsNothingElse() {
    for name in ["chainlab", "registry.example:5000/team/chainlab:1.2", "a@sha256:0f", "localhost/x"] {
      #expect(Deployment.isImage(name))
    }
    for name in ["", " a", "-a", "a b", "a\nb", "$a", "a\"", "\u{e4}", String(repeating: "a", count: 256)] {
      #expect(!Deployment.isImage(name), "\(name)")
    }
  }
}
