package import ChainModel
import Topology

/// All 256 ways to give each of the four services one of the four IO models.
package enum Mixes {
  /// Stand in the order of the chain.
  package static let letters = Dictionary(uniqueKeysWithValues: IOModel.allCases.map { ($0.traits.letter, $0) })

  private static let services = Topology.standard.names

  static func cells(_ common: Lesson.Cell) -> [Lesson.Cell] {
    var names = [""]
    for _ in services {
      names = names.flatMap { name in IOModel.allCases.map { name + String($0.traits.letter) } }
    }
    return names.map { name in
      var cell = common
      cell.name = name
      for (service, letter) in zip(Self.services, name) {
        cell.settings["\(service.rawValue).io_model"] = letters[letter]?.rawValue
      }
      return cell
    }
  }

  /// What converting so many services gains at best: of the mixes in which the others block, the one that serves most.
  ///
  /// Keys: `converted` (how many), `mix`, `services` (those converted), `throughput`.
  package struct Step: Codable, Sendable {
    package var converted: Int
    package var mix: String
    package var services: [String]
    package var throughput: Double
  }

  /// From all blocking to none, as measured; medians over seeds.
  package static func steps(_ results: [CellResult]) -> [Step] {
    var measured: [String: [Double]] = [:]
    for result in results where result.discarded == nil && result.cell.allSatisfy({ $0 == "B" || $0 == "C" }) {
      if let value = result.figures["throughput"] { measured[result.cell, default: []].append(value) }
    }
    return (0...services.count).compactMap { count in
      let mixes = measured.filter { $0.key.filter { $0 == "C" }.count == count }.mapValues(Evaluation.median)
      guard let best = mixes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
      let services = zip(services, best.key).filter { $0.1 == "C" }.map(\.0.rawValue)
      return Step(converted: count, mix: best.key, services: services, throughput: best.value)
    }
  }
}
