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
  /// Processors in use, on average.
  package var busyCores: Double
  package var routes: [RouteFigures]
  package var services: [ServiceFigures]

  /// Answers per second, of any kind.
  package var throughput: Double { routes.reduce(0) { $0 + $1.throughput } }
  /// Successful answers per second.
  package var goodput: Double { routes.reduce(0) { $0 + $1.goodput } }

  package subscript(service: String) -> ServiceFigures? { services.first { $0.name == service } }
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
  /// When all threads of its pool were held, from the run's beginning; the first ones.
  package var saturations: [Span]

  package struct Span: Hashable, Sendable {
    package var onset: Double
    /// Nil: until the end of the run.
    package var end: Double?
  }
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

  /// Simulates it, and writes the log that the services would have written.
  /// - Parameter runID: of the run that it is.
  /// - Returns: what came of it, and the log.
  /// - Throws: when the plan is not possible, or too much is in flight.
  package func record(runID: String) throws(SimulationError) -> (result: SimulationResult, log: LogSnapshot) {
    try validate()
    let instances = system.services.reduce(1) { $0 + $1.replicas }
    guard instances <= Layout.processSlots else {
      throw .invalid(
        what: "services", found: "\(instances) processes", expected: "at most \(Layout.processSlots) in a log")
    }
    var simulation = Simulation(self, sink: RecordBuffer())
    try simulation.run()
    return (simulation.result(), simulation.snapshot(runID: runID))
  }
}
