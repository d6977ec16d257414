import ChainModel
import Topology

/// Changes of what a chain is made of: IO models and replicas.
extension Advisor {
  /// What a service is moved to: nobody waits, and code reads from top to bottom.
  private static let target = IOModel.nonblockingAsync

  private static func move(_ service: ServiceConfiguration) -> Change.Setting {
    Change.Setting(service.name, .model(target))
  }

  /// The fewest services whose move helps: one, or if that is not enough two, and so on, those at the back first.
  mutating func models() async throws -> [Change] {
    let movable = holders()
    for count in stride(from: 1, through: movable.count, by: 1) {
      let changes = Self.choices(count, of: movable).map { change($0.map(Self.move)) }
      let looks = try await looks(changes)
      let found = zip(changes, looks).filter { $1.holds }.map(\.0)
      if !found.isEmpty { return found }
    }
    return []
  }

  /// So many of some, in their order.
  private static func choices<Element>(_ count: Int, of all: [Element]) -> [[Element]] {
    guard count > 0 else { return [[]] }
    return all.indices.flatMap { index in
      choices(count - 1, of: Array(all[(index + 1)...])).map { [all[index]] + $0 }
    }
  }

  /// The fewest replicas of one service; one that clients ask has one.
  mutating func replicas() async throws -> [Change] {
    var found: [Change] = []
    for service in chain.topology.services.reversed() where !chain.topology.isEntry(service.name) && service.url == nil
    {
      let more = ReplicaName.numbers.filter { $0 > service.replicas }
      found += try await nearest(more.map { change([Change.Setting(service.name, .replicas($0))]) })
    }
    return found
  }

  /// Some services at the back are moved, and the pools of the others enlarged.
  mutating func mixed() async throws -> [Change] {
    let movable = holders()
    for count in stride(from: 1, to: movable.count, by: 1) {
      let found = try await together(movable.prefix(count).map(Self.move))
      if !found.isEmpty { return found }
    }
    return []
  }

  /// No limit but processors and remote systems.
  func freest() -> [Change.Setting] {
    holders().map(Self.move)
      + chain.topology.services.filter { $0.calls }.map { Change.Setting($0.name, .timeout(3_600_000)) }
  }
}
