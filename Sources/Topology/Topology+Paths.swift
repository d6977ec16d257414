package import ChainModel

/// Along the calls.
extension Topology {
  /// Those that a service calls, each once, in the order of its routes.
  package func callees(of name: ServiceName) -> [ServiceName] { callees(of: place(name)).map { services[$0].name } }

  private func callees(of index: Int) -> [Int] {
    var places: [Int] = []
    for call in services[index].routes.flatMap(\.calls) where !places.contains(call.service) {
      places.append(call.service)
    }
    return places
  }

  /// By service: at how many things a request is at most at the same time, of those that the entries lead to.
  package var widths: [Int] {
    var widths = services.map { _ in 1 }
    guard let order = RouteOrder(self) else { return widths }
    for (place, visits) in zip(order.places, order.visits(from: entries)) where visits > 0 {
      let steps = services[place.service].routes[place.route].steps
      widths[place.service] = max(widths[place.service], steps.map(\.parts.count).max() ?? 1)
    }
    return widths
  }

  /// How many calls deep each service is, 1 for those that clients ask; 0 where no request comes.
  package var depths: [Int] { RouteOrder(self)?.depths(from: entries) ?? services.map { _ in 0 } }

  /// From a service that clients ask to the one that is most calls deep; of equals, the last in the file.
  package var deepestPath: [ServiceConfiguration] {
    let depths = depths
    guard var place = depths.indices.max(by: { depths[$0] < depths[$1] || depths[$0] == depths[$1] && $0 < $1 }) else {
      return []
    }
    var path = [place]
    while depths[place] > 1,
      let caller = depths.indices.last(where: { depths[$0] == depths[place] - 1 && callees(of: $0).contains(place) })
    {
      place = caller
      path.insert(place, at: 0)
    }
    return path.map { services[$0] }
  }

  /// Whether clients ask it.
  package func isEntry(_ name: ServiceName) -> Bool { entries.contains { services[$0.service].name == name } }

  /// What a request of this method and path at this port asks for; nil if none of the services serves it.
  package func entry(method: String, path: String, port: Int, weight: Double) -> Entry? {
    guard let service = services.firstIndex(where: { $0.port == port }) else { return nil }
    return route(method, path, of: service).map { Entry(service: service, route: $0, weight: weight) }
  }

  /// What clients ask for with this path, at the service in front; nil if it serves no such GET. A path may stand with its
  /// placeholders, or with something in their places.
  package func entry(path: String) -> Entry? {
    let service = entries[0].service
    return route("GET", path, of: service).map { Entry(service: service, route: $0) }
  }

  private func route(_ asking: String, _ path: String, of service: Int) -> Int? {
    guard path.hasPrefix("/") else { return nil }
    let asked = RouteAddress.segments(path)
    let routes = RouteAddress.all(of: services[service]) + [RouteAddress(Self.ping)]
    let fitting = routes.indices.filter { index in
      let parts = routes[index].segments
      return routes[index].method == asking && parts.count == asked.count
        && zip(parts, asked).allSatisfy { $0 == $1 || RouteAddress.isPlaceholder($0) }
    }
    return fitting.min { routes[$0].precedes(routes[$1]) }
  }
}
