import ChainModel
import Topology

/// The error of an estimate: what a simulation of it gives at the recorded rate, beside what was recorded.
package struct EstimateCheck: Sendable {
  /// Seconds of clients' requests.
  package let recordedMean: Double
  package let recordedP99: Double
  package let predictedMean: Double
  package let predictedP99: Double
  private let reasons: [String]

  /// More than this is said with its likely reason.
  package static let tolerance = 0.15

  /// Nil where the trace has too little to tell a rate, or the estimate cannot be simulated. What is not known is taken as
  /// ample: the trace was recorded of a system that served its load.
  package init?(_ estimate: SystemEstimate) {
    guard let rate = estimate.rate, rate > 0, estimate.responses.count >= 10 else { return nil }
    let topology = Self.filled(estimate.topology)
    let isRandom = (estimate.gapVariation ?? 0) > 0.5
    // Enough requests for a mean, and not more time than they need.
    let duration = Duration.seconds(min(600, max(5, 2_000 / rate)))
    let plan = SimulationPlan(
      SimulatedSystem(topology),
      SimulatedLoad(
        .open(rate: rate, isRandom ? .poisson : .fixed), entries: topology.entries.map { SimulatedLoad.Entry($0) },
        warmUp: .seconds(1), duration: duration))
    guard let result = try? plan.run(), result.times.mean > 0 else { return nil }
    // A client of the simulation waits for the network too; a trace's first span does not.
    let network = 2 * estimate.hop.seconds
    predictedMean = max(0, result.times.mean - network)
    predictedP99 = max(0, result.times.percentile(0.99) - network)
    recordedMean = estimate.responses.mean
    recordedP99 = estimate.responses.p99
    reasons = Self.reasons(estimate, isLonger: predictedMean > recordedMean)
  }

  private static func filled(_ estimated: Topology) -> Topology {
    var topology = estimated
    for index in topology.services.indices {
      if topology.services[index].unknown.remove("io_model") != nil { topology.services[index].model = .nonblocking }
      if topology.services[index].unknown.remove("threads") != nil { topology.services[index].threads = 4096 }
      if topology.services[index].unknown.remove("queue_limit") != nil { topology.services[index].queueLimit = 100_000 }
      for route in topology.services[index].routes.indices {
        topology.services[index].routes[route].steps.removeAll { $0 == .cpu(nil) }
      }
    }
    return topology
  }

  private static func reasons(_ estimate: SystemEstimate, isLonger: Bool) -> [String] {
    var reasons: [String] = []
    let parallel = estimate.routes.filter { $0.parallel > 0 && !$0.besides.contains(true) }.reduce(0) {
      $0 + $1.parallel
    }
    if isLonger, parallel > 0 {
      reasons.append("\(parallel) requests made calls at the same time that most of their kind make one after another")
    }
    let other = estimate.routes.reduce(0) { $0 + $1.looked - $1.typical }
    if other > 0 { reasons.append("\(other) requests made calls that few of their kind make") }
    if estimate.orphans > 0 { reasons.append("\(estimate.orphans) requests have callers that are not in the trace") }
    if reasons.isEmpty {
      reasons.append("times that depend on each other: slow requests are slow at several services at once")
    }
    return reasons
  }

  package var isNear: Bool { abs(predictedMean - recordedMean) <= Self.tolerance * recordedMean }

  /// One line, or two with the reason.
  package var lines: [String] {
    func text(_ seconds: Double) -> String { FigureText.duration(TimeFit.duration(seconds)) }
    let change = (predictedMean / max(recordedMean, 1e-12) - 1) * 100
    let percent = "\(change < 0 ? "−" : "+")\(Int(abs(change).rounded())) %"
    var lines = [
      "Simulated at the recorded rate: mean \(text(predictedMean)), p99 \(text(predictedP99)); recorded: mean "
        + "\(text(recordedMean)), p99 \(text(recordedP99)) (\(percent))."
    ]
    if !isNear { lines.append("The likely reason: \(reasons.joined(separator: "; ")).") }
    return lines
  }
}
