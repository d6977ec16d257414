import ChainModel
import Testing
import Topology

/// Every class of error in a graph's file, with its position, what was found and what was expected.
@Suite struct ServiceGraphErrorTests {
  typealias Case = TopologyErrorTests.Case

  @Test(arguments: [
    Case("threads: 64", "threads: 0", "f:7:14: services.shop.threads: found 0, expected a whole number (1…4096)"),
    Case(
      "hop: 200us", "hop: 200",
      "f:2:6: hop: found 200, expected a duration (such as 200us, at most 50s)"),
    Case("cores: 8", "cores: 0", "f:1:8: cores: found 0, expected a whole number (1…1000000)"),
    Case(
      "- cpu: 400us", "- cpu: 400",
      "f:10:16: services.shop.routes.GET /checkout[0].cpu: found 400, expected a time (\(StepTime.forms))"),
    Case(
      "- cpu: 400us", "- cpu: 400us of work",
      "f:10:16: services.shop.routes.GET /checkout[0].cpu: found 400us of work, expected a time (\(StepTime.forms))"),
    Case(
      "GET /ping: 0.5", "GET /ping: 0",
      "f:31:19: entries.shop/GET /ping: found 0, expected a number (more than 0, less than 1000000000)"),
    Case(
      "timeout_ms: 5000", "timeout_ms: 5s",
      "f:4:43: defaults.timeout_ms: found 5s, expected a whole number of ms (1…3600000)"),
  ])
  func aWrongValueIsRefused(wrong: Case) throws {
    #expect(graphRefusal(of: try shop(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test(arguments: [
    Case(
      "    threads: 64", "    thredas: 64",
      "f:7:5: services.shop.thredas: found an unknown key, expected one of ", "; did you mean threads?"),
    Case(
      "    threads: 64", "    port: 8080", "f:7:5: services.shop.port: found an unknown key, expected one of io_model"),
    Case(
      "hop: 200us", "hops: 200us", "f:2:1: hops: found an unknown key, expected one of cores, ", "did you mean hop?"),
    Case(
      "- cpu: 400us", "- sleep: 400us",
      "f:10:11: services.shop.routes.GET /checkout[0]: found sleep, expected one of cpu, remote, store, file, call"),
    Case(
      "- cpu: 400us", "- {cpu: 400us, call: stock/GET /stock}",
      "f:10:11: services.shop.routes.GET /checkout[0]: found cpu and call, expected one of cpu"),
    Case(
      "- cpu: 400us", "- call: crt/GET /items",
      "f:10:17: services.shop.routes.GET /checkout[0].call: found crt/GET /items, "
        + "expected SERVICE/ROUTE of a service in this file; did you mean cart?"),
    Case(
      "- cpu: 400us", "- call: cart/GET /itms", "found cart/GET /itms, expected a route of cart: cart/GET /items",
      "; did you mean cart/GET /items?"),
    Case("- cpu: 400us", "- call: cart", "found cart, expected SERVICE/ROUTE, such as cart/GET /items"),
    Case(
      "- store: 100us", "- call: shop/GET /checkout",
      "f:28:17: services.stock.routes.GET /stock[0].call: found shop/GET /checkout → cart/GET /items → stock/GET /stock "
        + "→ shop/GET /checkout, expected calls that do not lead back to their caller"),
    Case("  stock:\n", "  st/ock:\n", "f:22:3: services.st/ock: found st/ock, expected a name", "f:12:17", "f:21:17"),
    Case(
      "      GET /ping: []", "      GET /ping: 5", "services.shop.routes.GET /ping: found 5, expected a list of steps"),
    Case(
      "  shop/GET /checkout: 3", "  shop/GET /nothing: 3", "f:30:3: entries.shop/GET /nothing: found shop/GET /nothing"),
    Case("GET /ping: []", "GET /checkout: []", "f:9:7: GET /checkout: found the key again further down"),
  ])
  func aWrongKeyOrNameIsRefused(wrong: Case) throws {
    let lines = graphRefusal(of: try shop(replacing: wrong.old, with: wrong.new))
    #expect(!lines.isEmpty && lines.count <= 3)
    for expected in wrong.expected { #expect(lines.contains { $0.contains(expected) }, "\(lines)") }
  }

  @Test func missingSectionsAreNamed() {
    #expect(
      graphRefusal(of: "cores: 2\n") == [
        "f:1:1: services: found nothing, expected a mapping of services by name",
        "f:1:1: entries: found nothing, expected a mapping of SERVICE/ROUTE to a weight",
      ])
    let lines = graphRefusal(of: "services: {a: {threads: 1}}\nentries: {}\n")
    #expect(lines.first?.contains("services.a.routes: found nothing, expected a mapping of routes") == true, "\(lines)")
    #expect(lines.last?.contains("entries: found an empty mapping") == true, "\(lines)")
  }

  /// Calls that double at every layer: no run would end.
  @Test func aRequestOfMillionsOfCallsIsRefused() {
    let count = 30
    let services = (0..<count).map { index in
      let next = ServiceGraph.Step.call(service: index + 1, route: 0)
      return ServiceGraph.Service("s\(index)", routes: [.init("GET /", index + 1 < count ? [next, next] : [])])
    }
    let lines = graphRefusal(of: ServiceGraph(services: services, entries: [.init(service: 0)]).yaml())
    #expect(lines.count == 1 && lines[0].contains("calls for one request, expected at most 1000000"), "\(lines)")
  }

  // MARK: What is not known

  @Test func whatIsUnknownIsAskedForWithItsLine() throws {
    let text = try shop(replacing: "    threads: 64", with: "    threads: unknown")
      .replacing("- cpu: 400us", with: "- cpu: unknown")
    #expect(
      graphRefusal(of: text) == [
        "f:7:14: services.shop.threads: found unknown, expected a whole number (1…4096): fill it in, "
          + "or say --set 'shop.threads=VALUE', '*.threads=VALUE' for all",
        "f:10:16: services.shop.routes.GET /checkout[0].cpu: found unknown, expected a time (\(StepTime.forms)): "
          + "fill it in, or say --set 'shop.cpu=VALUE', '*.cpu=VALUE' for all",
      ])
    #expect(graphRefusal(of: text, settings: [("shop.threads", "8")]).count == 1)
    let settings = [("sh?p.threads", "8"), ("*.cpu", "2ms")].map { (path: $0.0, value: $0.1) }
    let graph = try ServiceGraph.parse(text, file: "f", settings: settings)
    #expect(graph.services[0].settings.threads == 8)
    #expect(graph.services[0].routes[0].steps[0] == .cpu(.latency(.fixed(.milliseconds(2)))))
  }

  @Test func whatIsUnknownOfAllIsAskedForOfThoseThatDoNotSayIt() throws {
    let text = try shop(replacing: "queue_limit: 1000", with: "threads: unknown")
    let lines = graphRefusal(of: text)
    #expect(lines.count == 2 && lines.allSatisfy { $0.contains("found unknown") }, "\(lines)")
    #expect(lines[0].contains("services.cart.threads") && lines[1].contains("services.stock.threads"), "\(lines)")
  }

  // MARK: Settings

  private static let mesh = """
    services:
      front-1: {routes: {GET /: [call: middle/GET /a, call: leaf-1/GET /]}}
      front-2: {routes: {GET /: [call: leaf-2/GET /, call: leaf-2/GET /]}}
      middle: {routes: {GET /a: [call: leaf-2/GET /], GET /b: []}}
      leaf-1: {routes: {GET /: []}}
      leaf-2: {routes: {GET /: []}}
      idle: {routes: {GET /: []}}
    entries: {front-1/GET /: 1, front-2/GET /: 3}

    """

  @Test(arguments: [
    ("front-*", [0, 1]), ("*", [0, 1, 2, 3, 4, 5]), ("leaf-?", [3, 4]), ("middle", [2]), ("*-2", [1, 4]),
    ("m*d*e", [2]),
    ("@leaves", [3, 4, 5]), ("@depth:1", [0, 1]), ("@depth:2", [2, 3]), ("@depth:3", [4]), ("@depth:4", []),
    ("@most-called:1", [4]), ("@most-called:2", [1, 4]), ("@most-called:99", [0, 1, 2, 3, 4]), ("@most-called:0", []),
    ("@best", []), ("nobody", []), ("front", []),
  ])
  func servicesAreChosenByNameOrPlace(_ selector: String, _ expected: [Int]) throws {
    var graph = try ServiceGraph.parse(Self.mesh, file: "f")
    #expect(graph.select(selector) == expected)
    guard !expected.isEmpty else {
      let error = try #require(throws: TopologyError.self) {
        try graph.set("\(selector).threads", to: "7", source: "--set")
      }
      #expect(error.description.contains("no such service") && error.description.contains("@depth:N"), "\(error)")
      return
    }
    try graph.set("\(selector).threads", to: "7", source: "--set")
    #expect(graph.services.indices.filter { graph.services[$0].settings.threads == 7 } == expected)
  }

  @Test(arguments: [
    ("threads", "7", "SERVICE.key"), ("*.thread", "7", "did you mean threads?"), ("*.threads", "x", "1…4096"),
    ("*.cpu", "soon", "a time"), ("midle.threads", "7", "did you mean middle?"),
  ])
  func aWrongSettingIsRefused(_ path: String, _ value: String, _ mentions: String) throws {
    var graph = try ServiceGraph.parse(Self.mesh, file: "f")
    let error = try #require(throws: TopologyError.self) { try graph.set(path, to: value, source: "--set") }
    #expect(error.description.hasPrefix("--set") && error.description.contains(mentions), "\(error)")
  }
}
