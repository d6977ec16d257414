import ChainModel
package import Topology

/// Systems of any size, for questions that are not about the chain, and for measuring the simulator.
package struct GeneratedSystem: Hashable, Sendable {
  package enum Shape: String, CaseIterable, Sendable {
    /// Each service calls the next.
    case chain
    /// Each calls two others, of which nobody else calls any.
    case tree
    /// Four layers; each service calls two of the next layer, chosen at random.
    case mesh
  }

  package var shape: Shape
  package var services: Int
  /// All services are like this one, apart from their names and steps.
  package var like: SimulatedService
  /// Of a processor, at each service.
  package var cpu: StepTime
  /// Of a remote system, at each service that calls none.
  package var leaf: StepTime
  package var cores: Int?
  package var seed: UInt64

  private static let layers = 4
  private static let calls = 2

  package init(
    _ shape: Shape, services: Int, like: SimulatedService = SimulatedService("any", routes: []), cpu: StepTime,
    leaf: StepTime, cores: Int? = nil, seed: UInt64 = 1
  ) {
    self.shape = shape
    self.services = services
    self.like = like
    self.cpu = cpu
    self.leaf = leaf
    self.cores = cores
    self.seed = seed
  }

  package var system: SimulatedSystem {
    var stream = RandomStream(seed: seed, .mix)
    let all = (0..<services).map { index in
      let callees = callees(of: index, &stream)
      var service = like
      service.name = "service-\(index + 1)"
      let steps = callees.isEmpty ? [Step.remote(leaf)] : callees.map { .call(service: $0, route: 0) }
      service.routes = [ServiceRoute("GET /\(index + 1)", [.cpu(cpu)] + steps)]
      return service
    }
    return SimulatedSystem(services: all, cores: cores)
  }

  /// The services that clients call: the first one, in a mesh all of the first layer.
  package var entries: [SimulatedLoad.Entry] {
    let count = shape == .mesh ? width : 1
    return (0..<count).map { SimulatedLoad.Entry(service: $0) }
  }

  /// Of a layer of a mesh.
  private var width: Int { max(1, services / Self.layers) }

  private func callees(of index: Int, _ stream: inout RandomStream) -> [Int] {
    switch shape {
    case .chain: return index + 1 < services ? [index + 1] : []
    case .tree: return (1...Self.calls).map { index * Self.calls + $0 }.filter { $0 < services }
    case .mesh:
      // The last layer takes what is left over.
      let layer = min(index / width, Self.layers - 1)
      guard layer + 1 < Self.layers, (layer + 1) * width < services else { return [] }
      let first = (layer + 1) * width
      let end = layer + 2 == Self.layers ? services : min(services, first + width)
      let choices = (0..<Self.calls).map { _ in first + Int(stream.uniform() * Double(end - first)) }
      return choices[0] == choices[1] ? [choices[0]] : choices
    }
  }
}
