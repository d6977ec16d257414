import ChainModel

/// The routes of a system, callers before callees.
package struct RouteOrder {
  package struct Place: Hashable {
    package var service: Int
    package var route: Int
  }

  private let topology: Topology
  /// By service: its first route among all.
  private let first: [Int]
  package let places: [Place]
  private let order: [Int]

  /// Nil if routes call one another in a circle.
  package init?(_ topology: Topology) {
    self.topology = topology
    (first, places, order) = Self.sort(topology)
    guard order.count == places.count else { return nil }
  }

  /// Routes that nobody calls, and then those that only such routes call, and so on (Kahn 1962).
  private static func sort(_ topology: Topology) -> (first: [Int], places: [Place], order: [Int]) {
    var (first, places): ([Int], [Place]) = ([], [])
    for (service, value) in topology.services.enumerated() {
      first.append(places.count)
      for route in value.routes.indices { places.append(Place(service: service, route: route)) }
    }
    func callees(_ place: Place) -> [Int] {
      topology.services[place.service].routes[place.route].calls.map { first[$0.service] + $0.route }
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
  static func circles(_ topology: Topology) -> Set<Place> {
    let (_, places, order) = sort(topology)
    let sorted = Set(order)
    // Those that circles only lead to are not in one: take them away from the other end.
    var rest = Set(places.indices.filter { !sorted.contains($0) }.map { places[$0] })
    var isShrinking = true
    while isShrinking {
      let inside = rest.filter { place in
        topology.services[place.service].routes[place.route].calls.contains {
          rest.contains(Place(service: $0.service, route: $0.route))
        }
      }
      isShrinking = inside.count < rest.count
      rest = inside
    }
    return rest
  }

  private func index(_ service: Int, _ route: Int) -> Int { first[service] + route }

  /// How often each route is asked for by one request, on average over the entries' weights; by route among all.
  package func visits(from entries: [Topology.Entry]) -> [Double] {
    var visits = Array(repeating: 0.0, count: places.count)
    let total = entries.reduce(0) { $0 + $1.weight }
    for entry in entries { visits[index(entry.service, entry.route)] += entry.weight / total }
    for route in order where visits[route] > 0 {
      let place = places[route]
      for call in topology.services[place.service].routes[place.route].calls {
        visits[index(call.service, call.route)] += visits[route]
      }
    }
    return visits
  }

  /// By service: 1 for one that clients ask, one more than its deepest caller for others; 0 where no request comes.
  package func depths(from entries: [Topology.Entry]) -> [Int] {
    var routes = Array(repeating: 0, count: places.count)
    for entry in entries { routes[index(entry.service, entry.route)] = 1 }
    for route in order where routes[route] > 0 {
      let place = places[route]
      for call in topology.services[place.service].routes[place.route].calls {
        let callee = index(call.service, call.route)
        routes[callee] = max(routes[callee], routes[route] + 1)
      }
    }
    var depths = Array(repeating: 0, count: topology.services.count)
    for (route, depth) in routes.enumerated() {
      depths[places[route].service] = max(depths[places[route].service], depth)
    }
    return depths
  }
}
