package import ChainModel
import Topology
package import TraceLog

/// What came of a simulated run. Rates, shares and times are of the measured part, after the warm-up; times are in
/// seconds. Keys are written as in `CodingKeys`.
package struct SimulationResult: Hashable, Sendable {
  /// Of the measured part.
  package var seconds: Double
  package var events: Int
  /// The most requests in flight at once, over all services and clients.
  package var peakFrames: Int
  /// Requests sent and answered by clients, over the whole run.
  package var sent: Int
  package var done: Int
  /// The shared ones, and those that services have to themselves.
  package var processors: [ProcessorFigures]
  package var routes: [RouteFigures]
  package var services: [ServiceFigures]

  /// Processors in use, on average.
  package var busyCores: Double { processors.reduce(0) { $0 + $1.busy } }
  /// Answers per second, of any kind.
  package var throughput: Double { routes.reduce(0) { $0 + $1.throughput } }
  /// Successful answers per second.
  package var goodput: Double { routes.reduce(0) { $0 + $1.goodput } }

  /// How many requests ended so, of any kind, by `Outcome.name`.
  package var outcomes: [String: Int] {
    routes.reduce(into: [:]) { sums, route in sums.merge(route.outcomes, uniquingKeysWith: +) }
  }

  package subscript(service: String) -> ServiceFigures? { services.first { $0.name == service } }
}

/// Processors that one service's instances have to themselves, or that all others share.
package struct ProcessorFigures: Hashable, Sendable {
  /// Nil: the shared ones.
  package var service: String?
  /// Nil: as many as are asked for.
  package var count: Int?
  /// In use, on average.
  package var busy: Double
}

/// One kind of request, as its clients see it.
package struct RouteFigures: Hashable, Sendable {
  package var name: String
  package var throughput: Double
  package var goodput: Double
  /// How many ended so, by `Outcome.name`: a failure counts for what caused it, at whichever service.
  package var outcomes: [String: Int]
  /// Of successful answers.
  package var times: ResponseHistogram
}

/// One instance of a service.
package struct ServiceFigures: Hashable, Sendable {
  package var name: String
  package var replica: Int
  package var threads: Int
  /// Averages over time. Held: threads that run whole requests; hired and store threads at work; requests that wait for
  /// a thread, in the queue or in the kernel's backlog; requests admitted and not yet answered.
  package var held: Double
  package var hired: Double
  package var store: Double
  package var queued: Double
  package var inFlight: Double
  package var peakQueue: Int
  package var peakInFlight: Int
  /// Answers per second.
  package var throughput: Double
  /// From admission to answer, on average (Little's law).
  package var responseTime: Double
  /// Over the whole run.
  package var offered: Int
  package var accepted: Int
  package var started: Int
  package var done: Int
  package var succeeded: Int
  package var dropped: Int
  package var refused: Int
  package var overflows: Int
  package var inFlightAtEnd: Int
  /// When a pool of it was saturated, in nanoseconds from the run's beginning, by their starts; of each pool the first
  /// ones. Of loops that block: all of them were held while a request waited.
  package var saturations: [SaturationTracker.Stretch]

  /// Seconds from the run's beginning; nil: it never was.
  package var onset: Double? { saturations.first.map { Double($0.start) / 1e9 } }
}

extension SimulationPlan {
  /// Simulates it.
  /// - Throws: when the plan is not possible, or too much is in flight.
  package func run() throws(SimulationError) -> SimulationResult {
    try validate()
    var simulation = Simulation(self, sink: NoRecords())
    try simulation.run()
    return simulation.result()
  }

  /// Simulates it, and keeps the log that the services would have written.
  /// - Parameter runID: of the run that it is.
  /// - Returns: what came of it, and the log.
  /// - Throws: when the plan is not possible, or too much is in flight.
  package func record(runID: String) throws(SimulationError) -> (result: SimulationResult, log: LogSnapshot) {
    try validateLog()
    var simulation = Simulation(self, sink: RecordBuffer())
    try simulation.run()
    return (simulation.result(), simulation.snapshot(runID: runID))
  }

  /// The same, record by record, so that nothing of the log is kept in memory.
  /// - Parameters:
  ///   - runID: of the run that it is.
  ///   - log: where the records go.
  /// - Returns: what came of it, and all of the log but its records and texts.
  /// - Throws: when the plan is not possible, too much is in flight, or the log takes no more.
  package func record(
    runID: String, into log: any SimulatedLog
  ) throws(SimulationError) -> (result: SimulationResult, frame: LogSnapshot) {
    try validateLog()
    var simulation = Simulation(self, sink: RecordStream(log: log))
    try simulation.run()
    return (simulation.result(), simulation.frame(runID: runID))
  }

  /// About how many records its log will have.
  ///
  /// It simulates the beginning and takes the rest to be like that: where a fault comes later, or load builds up slowly,
  /// it is no more than the order of magnitude.
  /// - Throws: when the plan is not possible.
  package func estimatedRecords() throws(SimulationError) -> Int {
    try validateLog()
    var simulation = Simulation(self, sink: RecordCount(limit: Self.countedRecords))
    do {
      try simulation.run()
    } catch {
      guard case .stopped = error else { throw error }
    }
    let (seen, time, end) = (simulation.sink.records, simulation.sink.time, simulation.end)
    guard seen >= Self.countedRecords, time > 0, time < end else { return seen }
    return Int(min(Double(seen) / Double(time) * Double(end), 1e15))
  }

  private static let countedRecords = 200_000

  /// An upper bound of what the texts of its log take, in bytes: names of services, routes, threads and faults.
  package var textBytes: Int {
    let services = system.services.reduce(0) { sum, service in
      let threads = 2 * service.threads + service.storeThreads + service.loops
      let routes = service.routes.reduce(0) { sum, route in
        sum + route.name.utf8.count + 64 + route.steps.count * 64
      }
      let name = service.name.utf8.count + 32
      return sum + service.replicas * (threads + 4) * name + routes + 512
    }
    let faults = changes.reduce(0) { sum, change in
      guard case .fault(let fault) = change.change else { return sum }
      return sum + fault.text.utf8.count + 64
    }
    return min(services + faults + 1 << 16, 1 << 28)
  }

  private func validateLog() throws(SimulationError) {
    try validate()
    let instances = system.services.reduce(1) { $0 + $1.replicas }
    guard instances <= Layout.processSlots else {
      throw .invalid(
        what: "services", found: "\(instances) processes", expected: "at most \(Layout.processSlots) in a log")
    }
  }
}
