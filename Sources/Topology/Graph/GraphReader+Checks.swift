import ChainModel

/// The checks that look at more than one service.
extension GraphReader {
  /// A request that makes more calls than this is a mistake of the file, and would not end within a run.
  private static let mostCalls = 1_000_000.0

  mutating func checkGraph(_ graph: ServiceGraph) {
    guard let order = RouteOrder(graph) else { return reportCircle(graph) }
    for entry in graph.entries {
      let calls = order.visits(from: [entry]).reduce(0, +) - 1
      guard calls > Self.mostCalls else { continue }
      let service = graph.services[entry.service]
      let name = "\(service.name)/\(service.routes[entry.route].name)"
      report(
        "\(GraphSchema.entries).\(name)", at: .start, found: "\(calls) calls for one request",
        expected: "at most \(Int(Self.mostCalls))")
    }
  }

  /// Along calls that never lead out of circles, until a route comes again.
  private mutating func reportCircle(_ graph: ServiceGraph) {
    let inCircles = RouteOrder.circles(graph)
    guard var place = inCircles.min(by: { ($0.service, $0.route) < ($1.service, $1.route) }) else { return }
    var path: [RouteOrder.Place] = []
    var last = [0, 0, 0]
    while !path.contains(place) {
      path.append(place)
      for (index, step) in graph.services[place.service].routes[place.route].steps.enumerated() {
        guard case .call(let service, let route) = step else { continue }
        let callee = RouteOrder.Place(service: service, route: route)
        guard inCircles.contains(callee) else { continue }
        last = [place.service, place.route, index]
        place = callee
        break
      }
    }
    let circle = path.drop { $0 != place } + [place]
    let names = circle.map { "\(graph.services[$0.service].name)/\(graph.services[$0.service].routes[$0.route].name)" }
    let shown = names.count > 8 ? Array(names.prefix(4)) + ["…"] + names.suffix(3) : names
    let call = callPlaces[last]
    report(
      call?.path ?? "", at: call?.position ?? .start, found: shown.joined(separator: " → "),
      expected: "calls that do not lead back to their caller")
  }
}

/// The routes of a graph, callers before callees.
struct RouteOrder {
  struct Place: Hashable {
    var service: Int
    var route: Int
  }

  private let graph: ServiceGraph
  /// By service: its first route among all.
  private let first: [Int]
  let places: [Place]
  private let order: [Int]

  /// Nil if routes call one another in a circle.
  init?(_ graph: ServiceGraph) {
    self.graph = graph
    (first, places, order) = Self.sort(graph)
    guard order.count == places.count else { return nil }
  }

  /// Routes that nobody calls, and then those that only such routes call, and so on (Kahn 1962).
  private static func sort(_ graph: ServiceGraph) -> (first: [Int], places: [Place], order: [Int]) {
    var (first, places): ([Int], [Place]) = ([], [])
    for (service, value) in graph.services.enumerated() {
      first.append(places.count)
      for route in value.routes.indices { places.append(Place(service: service, route: route)) }
    }
    func callees(_ place: Place) -> [Int] {
      graph.services[place.service].routes[place.route].steps.compactMap { step in
        guard case .call(let service, let route) = step else { return nil }
        return first[service] + route
      }
    }
    var callers = Array(repeating: 0, count: places.count)
    for place in places { for callee in callees(place) { callers[callee] += 1 } }
    var order = callers.indices.filter { callers[$0] == 0 }
    var next = 0
    while next < order.count {
      for callee in callees(places[order[next]]) {
        callers[callee] -= 1
        if callers[callee] == 0 { order.append(callee) }
      }
      next += 1
    }
    return (first, places, order)
  }

  /// The routes that circles go through or lead to.
  static func circles(_ graph: ServiceGraph) -> Set<Place> {
    let (_, places, order) = sort(graph)
    let sorted = Set(order)
    // Those that circles only lead to are not in one: take them away from the other end.
    var rest = Set(places.indices.filter { !sorted.contains($0) }.map { places[$0] })
    var isShrinking = true
    while isShrinking {
      let inside = rest.filter { place in
        graph.services[place.service].routes[place.route].steps.contains { step in
          guard case .call(let service, let route) = step else { return false }
          return rest.contains(Place(service: service, route: route))
        }
      }
      isShrinking = inside.count < rest.count
      rest = inside
    }
    return rest
  }

  private func index(_ service: Int, _ route: Int) -> Int { first[service] + route }

  /// How often each route is asked for by one request, on average over the entries' weights; by route among all.
  func visits(from entries: [ServiceGraph.Entry]) -> [Double] {
    var visits = Array(repeating: 0.0, count: places.count)
    let total = entries.reduce(0) { $0 + $1.weight }
    for entry in entries { visits[index(entry.service, entry.route)] += entry.weight / total }
    for route in order where visits[route] > 0 {
      let place = places[route]
      for case .call(let service, let callee) in graph.services[place.service].routes[place.route].steps {
        visits[index(service, callee)] += visits[route]
      }
    }
    return visits
  }

  /// By service: 1 for one that clients ask, one more than its deepest caller for others; 0 where no request comes.
  func depths(from entries: [ServiceGraph.Entry]) -> [Int] {
    var routes = Array(repeating: 0, count: places.count)
    for entry in entries { routes[index(entry.service, entry.route)] = 1 }
    for route in order where routes[route] > 0 {
      let place = places[route]
      for case .call(let service, let callee) in graph.services[place.service].routes[place.route].steps {
        routes[index(service, callee)] = max(routes[index(service, callee)], routes[route] + 1)
      }
    }
    var depths = Array(repeating: 0, count: graph.services.count)
    for (route, depth) in routes.enumerated() {
      depths[places[route].service] = max(depths[places[route].service], depth)
    }
    return depths
  }
}
