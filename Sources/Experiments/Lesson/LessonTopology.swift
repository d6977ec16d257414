import ChainModel
import Lessons
import Topology

/// The chain of a cell: one of the program's own, changed as the lesson says.
struct LessonTopology {
  let topology: Topology

  init(_ cell: Lesson.Cell) throws {
    topology = try OwnChain.topology(cell.settings, source: "the settings of cell \(cell.name)")
  }

  /// What the smallest pool whose threads are held while payment waits can serve, or the load where that is less.
  private func ceiling(_ figures: [String: Double]) -> Double? {
    guard let rate = figures["load.rate"], let wait = figures["payment-service.latency_ms"], wait > 0 else {
      return nil
    }
    let pools = topology.services.filter { service in
      // A hired thread makes calls, and payment-service makes none.
      service.model.holdsThread || service.model.hiresThreads && service.calls
    }
    return pools.reduce(rate) { min($0, ClosedForms.ceiling(threads: Double($1.threads), holding: wait)) }
  }

  /// Settings that are numbers, by the names that lessons use; latencies and timeouts in milliseconds.
  func figures(_ cell: Lesson.Cell) -> [String: Double] {
    var figures: [String: Double] = [:]
    for (section, name, value) in topology.settings {
      if let number = Double(value) {
        figures["\(section).\(name)"] = number
      } else if let duration = DurationText.parse(value) {
        figures["\(section).\(name)_ms"] = duration.seconds * 1000
      }
    }
    if let rate = cell.load.rate { figures["load.rate"] = rate }
    figures["chain_ceiling"] = ceiling(figures)
    if let clients = cell.load.clients { figures["load.clients"] = Double(clients) }
    figures["load.duration_ms"] = cell.load.duration.seconds * 1000
    return figures
  }
}
