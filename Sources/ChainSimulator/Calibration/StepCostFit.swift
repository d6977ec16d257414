package import ChainModel
package import Topology

/// Finds what steps cost from what services use of the processors: a request of a path makes so many steps of each kind
/// at each service, so that each observation is a linear equation in the four costs. Least squares, none below zero
/// (Lawson and Hanson 1974; of four costs all subsets are tried).
package struct StepCostFit: Hashable, Sendable {
  package struct Observation: Hashable, Sendable {
    package var service: ServiceName
    /// What clients asked for: a route of the service in front.
    package var route: Int
    /// Processor time of the service for each request of a client, in seconds.
    package var time: Double

    package init(_ service: ServiceName, route: Int, time: Double) {
      self.service = service
      self.route = route
      self.time = time
    }
  }

  package let costs: StepCosts
  /// What the costs do not explain, as a share of what was observed: `Σ |observed − fitted| / Σ observed`.
  package let error: Double

  private static let unknowns = 4

  /// Nil when the observations do not tell the four costs apart, or are none.
  /// - Parameters:
  ///   - observations: of one IO model.
  ///   - topology: the chain that was observed; what its services do is as in the simulation.
  package init?(_ observations: [Observation], _ topology: Topology) {
    let rows = observations.map { Self.steps(of: $0, topology) }
    let times = observations.map(\.time)
    let isDetermined = Self.solve(rows, times, Array(0..<Self.unknowns)) != nil
    guard isDetermined, let costs = Self.leastSquares(rows, times) else { return nil }
    let left = zip(rows, times).reduce(0) { $0 + abs(Self.dot($1.0, costs) - $1.1) }
    let all = times.reduce(0, +)
    guard all > 0 else { return nil }
    error = left / all
    self.costs = StepCosts(
      request: .seconds(costs[0]), call: .seconds(costs[1]), query: .seconds(costs[2]), file: .seconds(costs[3]))
  }

  /// How many steps of each kind the service makes for a request: what it would use if a step of the kind took a second.
  private static func steps(of observation: Observation, _ topology: Topology) -> [Double] {
    (0..<unknowns).map { kind in
      let costs = (0..<unknowns).map { Duration.seconds($0 == kind ? 1 : 0) }
      let one = StepCosts(request: costs[0], call: costs[1], query: costs[2], file: costs[3])
      let table = StepCostTable(
        Dictionary(uniqueKeysWithValues: IOModel.allCases.map { ($0, one) }), origin: .assumed)
      let system = SimulatedSystem(topology, costs: table)
      guard let place = system.index(of: observation.service.rawValue) else { return 0 }
      return system.processorTimes(service: topology.entries[0].service, route: observation.route)[place]
    }
  }

  // MARK: Least squares

  private static func leastSquares(_ rows: [[Double]], _ times: [Double]) -> [Double]? {
    var best: (costs: [Double], error: Double)?
    for subset in 1..<1 << unknowns {
      let kept = (0..<unknowns).filter { subset >> $0 & 1 == 1 }
      guard let solved = solve(rows, times, kept), solved.allSatisfy({ $0 >= 0 }) else { continue }
      var costs = Array(repeating: 0.0, count: unknowns)
      for (place, value) in zip(kept, solved) { costs[place] = value }
      let error = zip(rows, times).reduce(0) { sum, row in
        let difference = dot(row.0, costs) - row.1
        return sum + difference * difference
      }
      if error < best?.error ?? .infinity { best = (costs, error) }
    }
    return best?.costs
  }

  /// The normal equations of some of the unknowns, by Gauss with pivots; nil when they have no single solution.
  private static func solve(_ rows: [[Double]], _ times: [Double], _ kept: [Int]) -> [Double]? {
    var matrix = kept.map { i in
      kept.map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } } + [zip(rows, times).reduce(0) { $0 + $1.0[i] * $1.1 }]
    }
    for column in kept.indices {
      guard let pivot = (column..<kept.count).max(by: { abs(matrix[$0][column]) < abs(matrix[$1][column]) }),
        abs(matrix[pivot][column]) > 1e-9
      else { return nil }
      matrix.swapAt(column, pivot)
      for row in kept.indices where row != column {
        let factor = matrix[row][column] / matrix[column][column]
        for place in column...kept.count { matrix[row][place] -= factor * matrix[column][place] }
      }
    }
    return kept.indices.map { matrix[$0][kept.count] / matrix[$0][$0] }
  }

  private static func dot(_ left: [Double], _ right: [Double]) -> Double {
    zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
  }
}

extension SimulatedSystem {
  /// What each service uses of the processors for one request, on average, in seconds; calls that it leads to included.
  /// The calls must not go in a circle.
  package func processorTimes(service: Int, route: Int) -> [Double] {
    var times = Array(repeating: 0.0, count: services.count)
    for step in services[service].routes[route].steps.flatMap(\.parts) {
      switch step {
      case .cpu(let time), .store(let time, _, _): times[service] += time.mean
      case .remote, .all: continue
      case .call(let callee, let next):
        for (place, time) in processorTimes(service: callee, route: next).enumerated() { times[place] += time }
      }
    }
    return times
  }
}
