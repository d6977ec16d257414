import ChainModel
import Testing

import Topology

/// Under which method and path a described route is asked for.
@Suite struct RouteAddressTests {
  private func addresses(_ names: [String], url: Endpoint? = nil) -> [String] {
    var service = ServiceConfiguration.standard
    service.url = url
    service.routes = names.map { ServiceRoute($0, []) }
    return RouteAddress.all(of: service).map { "\($0.method) \($0.template)" }
  }

  @Test(arguments: [
    ("GET /items", "GET", "/items"), ("POST /pay", "POST", "/pay"), ("PUT /a/{id}", "PUT", "/a/{id}"),
    ("PATCH /", "PATCH", "/"), ("DELETE /a?b=c", "DELETE", "/a?b=c"),
    ("checkout", "GET", "/checkout"), ("HTTP GET", "GET", "/HTTP%20GET"), ("get /items", "GET", "/get%20%2Fitems"),
    ("GET items", "GET", "/GET%20items"), ("GET /a b", "GET", "/GET%20%2Fa%20b"),
    ("hipstershop.Cart/Get", "GET", "/hipstershop.Cart%2FGet"), ("größe", "GET", "/gr%C3%B6%C3%9Fe"),
    ("GET /größe", "GET", "/GET%20%2Fgr%C3%B6%C3%9Fe"), ("SELECT * FROM a", "GET", "/SELECT%20%2A%20FROM%20a"),
  ])
  func everyNameHasAnAddress(_ name: String, _ method: String, _ template: String) {
    let address = RouteAddress(name)
    #expect(address.method == method && address.template == template)
    // It goes over the wire as it is.
    #expect(address.path().utf8.allSatisfy { $0 > 32 && $0 < 127 })
  }

  @Test(arguments: [
    ("GET /users/{name}/orders/{id}", "/users/ada/orders/1"), ("GET /{name}", "/ada"),
    ("GET /a-{id}.json", "/a-1.json"),
    ("GET /a", "/a"), ("GET /{open", "/{open"), ("GET /a?q={name}", "/a?q=ada"),
  ])
  func somethingStandsInEachPlaceholdersPlace(_ name: String, _ path: String) {
    #expect(RouteAddress(name).path { $0 == "name" ? "ada" : nil } == path)
  }

  @Test func routesOfOneShapeAreToldApartByTheirPlace() {
    #expect(
      addresses(["GET /a/{id}", "POST /a/{id}", "GET /a/{name}", "GET /a/{id}/b", "GET /a/"])
        == ["GET /a/{id}", "POST /a/{id}", "GET /route/2", "GET /a/{id}/b", "GET /a/"])
    // A request for the one would look like a request for the other.
    #expect(addresses(["GET /a/{id}", "GET /a/1"]) == ["GET /a/{id}", "GET /route/1"])
    #expect(addresses(["GET /a/1", "GET /a/{id}"]) == ["GET /a/1", "GET /route/1"])
    #expect(addresses(["GET /ping", "GET /ping/", "ping"]) == ["GET /ping", "GET /route/1", "GET /route/2"])
    // Also those that look like such a path.
    #expect(Set(addresses(["GET /route/1", "GET /route/{x}", "GET /route/2", "GET /{y}/1"])).count == 4)
  }

  @Test func aServiceElsewhereHasThePathsThatItHas() {
    let names = ["GET /a/{id}", "GET /a/{name}", "GET /ping/"]
    #expect(addresses(names, url: Endpoint("a:1")) == names)
  }

  @Test(arguments: [
    ("/users/ada", 1), ("/users/me", 2), ("/users/{name}", 1), ("/ping", 4), ("/search?q=a%20b", 3), ("/search", 3),
  ])
  func aPathMeansTheRouteThatSaysMost(_ path: String, _ route: Int) throws {
    var topology = Topology(services: [.standard], entries: [.init(service: 0)])
    topology.services[0].routes = ["POST /users/me", "GET /users/{name}", "GET /users/me", "GET /search?q={q}"].map {
      ServiceRoute($0, [])
    }
    #expect(topology.entry(path: path) == .init(service: 0, route: route))
  }

  @Test(arguments: ["/", "/users", "/users/a/b", "ping"]) func aPathThatNobodyServesMeansNone(path: String) {
    var topology = Topology(services: [.standard], entries: [.init(service: 0)])
    topology.services[0].routes = [ServiceRoute("GET /users/{name}", [])]
    #expect(topology.entry(path: path) == nil)
  }
}
