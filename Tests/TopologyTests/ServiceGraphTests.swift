import ChainModel
import Testing
import Topology

/// A file with everything that the format has.
let shop = """
  cores: 8
  hop: 200us
  on_leave: finish
  defaults: {queue_limit: 1000, timeout_ms: 5000}
  services:
    shop:
      threads: 64
      routes:
        GET /checkout:
          - cpu: 400us
          - call: cart/GET /items
          - call: stock/GET /stock
        GET /ping: []
    cart:
      io_model: nonblocking
      routes:
        GET /items:
          - cpu: exponential:300us
          - file: 40us ledger of carts
          - remote: lognormal:50ms,0.5
          - call: stock/GET /stock
    stock:
      replicas: 20
      latency: 10ms..20ms
      call_policy: retries=2 backoff=50ms
      routes:
        GET /stock:
          - store: 100us
  entries:
    shop/GET /checkout: 3
    shop/GET /ping: 0.5

  """

/// `shop` with other text in place of `old`, which must be there.
func shop(replacing old: String, with new: String) throws -> String {
  let range = try #require(shop.firstRange(of: old))
  return String(shop[..<range.lowerBound]) + new + String(shop[range.upperBound...])
}

/// The lines of the error that a graph's text is refused with.
func graphRefusal(of text: String, settings: [(path: String, value: String)] = []) -> [String] {
  do throws(TopologyError) {
    _ = try ServiceGraph.parse(text, file: "f", settings: settings)
    return []
  } catch {
    return error.description.split(separator: "\n").map(String.init)
  }
}

@Suite struct ServiceGraphTests {
  @Test func everyPartOfAFileIsRead() throws {
    let graph = try ServiceGraph.parse(shop, file: "f")
    #expect(graph.services.map(\.name) == ["shop", "cart", "stock"])
    #expect(graph.cores == 8 && graph.hop == .microseconds(200) && graph.onLeave == .finish)
    #expect(graph.services.map(\.settings.threads) == [64, 16, 16])
    #expect(graph.services.map(\.settings.queueLimit) == [1000, 1000, 1000])
    #expect(graph.services.map(\.settings.timeout) == Array(repeating: .seconds(5), count: 3))
    #expect(graph.services.map(\.settings.model) == [.blocking, .nonblocking, .blocking])
    #expect(graph.services[2].settings.replicas == 20 && graph.services[2].settings.callPolicy.retries == 2)
    #expect(graph.services[2].settings.latency == .uniform(.milliseconds(10), .milliseconds(20)))
    #expect(
      graph.services[0].routes == [
        .init(
          "GET /checkout",
          [.cpu(.latency(.fixed(.microseconds(400)))), .call(service: 1, route: 0), .call(service: 2, route: 0)]),
        .init("GET /ping", []),
      ])
    #expect(
      graph.services[1].routes[0].steps == [
        .cpu(.exponential(mean: .microseconds(300))),
        .store(.latency(.fixed(.microseconds(40))), label: "ledger of carts", isFile: true),
        .remote(.latency(.lognormal(median: .milliseconds(50), sigma: 0.5))), .call(service: 2, route: 0),
      ])
    #expect(
      graph.services[2].routes[0].steps == [
        .store(.latency(.fixed(.microseconds(100))), label: "store", isFile: false)
      ])
    #expect(graph.entries == [.init(service: 0, route: 0, weight: 3), .init(service: 0, route: 1, weight: 0.5)])
  }

  /// A key's unit, range, default and meaning are those of services.yaml; only replicas may be more.
  @Test func theKeysOfAServiceAreThoseOfServicesYAML() {
    let rows = Set(Topology.keyTable().split(separator: "\n"))
    let own = ServiceGraph.keyTable().split(separator: "\n")
    #expect(own.count == 14)
    for row in own where !row.contains("`replicas`") { #expect(rows.contains(row), "\(row)") }
  }

  // MARK: Round trips

  @Test func aFileSurvivesARoundTrip() throws {
    let graph = try ServiceGraph.parse(shop, file: "f")
    #expect(try ServiceGraph.parse(graph.yaml(), file: "f") == graph)
  }

  @Test func randomGraphsSurviveARoundTrip() throws {
    var generator = SplitMix(state: 3)
    for _ in 0..<200 {
      let graph = Self.random(using: &generator)
      #expect(try ServiceGraph.parse(graph.yaml(), file: "f", allowsUnknown: true) == graph, "\(graph.yaml())")
    }
  }

  private static let words = [
    "cart", "a b", "x.y", "ünï", "true", "no", "12", "- x", "a: b", "a #b", "\"q\"", "{u}", "*", "unknown", "null", "~",
  ]

  static func random(using generator: inout SplitMix) -> ServiceGraph {
    func time() -> StepTime {
      let times: [StepTime] = [
        .latency(.fixed(.nanoseconds(Int64.random(in: 0...3_000_000_000, using: &generator)))),
        .latency(.uniform(.microseconds(5), .microseconds(Int64.random(in: 5...9_999, using: &generator)))),
        .latency(.lognormal(median: .milliseconds(3), sigma: Double.random(in: 0...3, using: &generator))),
        .latency(.percentiles(p50: .milliseconds(1), p90: .milliseconds(7), p99: .seconds(1))),
        .exponential(mean: .nanoseconds(Int64.random(in: 1...9_999_999, using: &generator))),
      ]
      return times[Int.random(in: 0..<times.count, using: &generator)]
    }
    let count = Int.random(in: 1...9, using: &generator)
    var services: [ServiceGraph.Service] = []
    for index in 0..<count {
      var word = words[Int.random(in: 0..<words.count, using: &generator)]
      if word == "*" { word = "star" }
      var service = ServiceGraph.Service("\(word)\(index)", routes: [])
      service.settings.threads = .random(in: 1...4096, using: &generator)
      service.settings.model = IOModel.allCases.randomElement(using: &generator) ?? .async
      service.settings.replicas = .random(in: 1...4096, using: &generator)
      service.settings.overflow = Overflow.allCases.randomElement(using: &generator) ?? .reject
      if Bool.random(using: &generator) {
        // What is not known has its default beneath.
        service.settings.threads = ServiceGraph.defaultSettings.threads
        service.unknown = ["threads"]
      }
      for number in 0...Int.random(in: 0...2, using: &generator) {
        let word = words[Int.random(in: 0..<words.count, using: &generator)]
        service.routes.append(.init("\(word) \(number)", []))
      }
      services.append(service)
    }
    for index in 0..<count {
      for route in services[index].routes.indices {
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
          let callee = Int.random(in: index..<count, using: &generator)
          let label = words[Int.random(in: 0..<words.count, using: &generator)]
          var steps: [ServiceGraph.Step] = [
            .cpu(Bool.random(using: &generator) ? time() : nil), .remote(time()),
            .store(time(), label: label, isFile: .random(using: &generator)),
          ]
          // Calls lead to the back.
          if callee > index { steps.append(.call(service: callee, route: services[callee].routes.count - 1)) }
          services[index].routes[route].steps.append(steps[Int.random(in: 0..<steps.count, using: &generator)])
        }
      }
    }
    return ServiceGraph(
      services: services, entries: [.init(service: 0, weight: Double.random(in: 0.001...1e6, using: &generator))],
      cores: Bool.random(using: &generator) ? 3 : nil,
      hop: .microseconds(Int64.random(in: 0...3, using: &generator)), onLeave: .random(using: &generator))
  }

  @Test(.timeLimit(.minutes(1))) func thousandsOfServicesAreRead() throws {
    let services = (0..<4000).map { index in
      ServiceGraph.Service(
        "service-\(index)",
        routes: [
          .init(
            "GET /\(index)",
            index + 1 < 4000 ? [.cpu(.exponential(mean: .milliseconds(1))), .call(service: index + 1, route: 0)] : [])
        ])
    }
    let graph = ServiceGraph(services: services, entries: [.init(service: 0)])
    #expect(try ServiceGraph.parse(graph.yaml(), file: "f") == graph)
  }
}

extension LeaveRule {
  fileprivate static func random(using generator: inout SplitMix) -> LeaveRule {
    Bool.random(using: &generator) ? .cancel : .finish
  }
}
