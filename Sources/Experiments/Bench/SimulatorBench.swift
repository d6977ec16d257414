import ChainModel
import ChainSimulator
import Topology

/// How fast a thousand services are simulated.
struct SimulatorBench: Bench {
  static let name = "simulator"
  static let says = "events per second for 1,000 services, and a million requests a minute"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    var figures: [BenchFigure] = []
    for shape in GeneratedSystem.Shape.allCases {
      if Interruption.hasCome { break }
      let (events, seconds, _) = try simulate(shape, services: 1000, rate: shape == .mesh ? 4000 : 20, seconds: 20)
      figures.append(
        BenchFigure(
          Self.name, "\(shape.rawValue) of 1,000 services, on one processor", events / seconds / 1e6,
          "million events/s",
          .atLeast(2)))
    }
    let (_, seconds, requests) = try simulate(.mesh, services: 1000, rate: 1_000_000 / 60, seconds: 60)
    figures.append(
      BenchFigure(
        Self.name,
        "\(FigureText.number(requests / 1e6)) million requests in a simulated minute, mesh of 1,000 services",
        seconds, "s", .atMost(60)))
    return figures
  }

  private func simulate(
    _ shape: GeneratedSystem.Shape, services: Int, rate: Double, seconds: Int
  ) throws -> (events: Double, seconds: Double, requests: Double) {
    let system = GeneratedSystem(
      shape, services: services, like: SimulatedService("any", threads: 64, queueLimit: 1000, routes: []),
      cpu: .fixed(.microseconds(50)), leaf: .exponential(mean: .milliseconds(2)))
    let load = SimulatedLoad(
      .open(rate: rate, .poisson), entries: system.entries, warmUp: .zero, duration: .seconds(seconds))
    let start = Monotonic.now()
    let result = try SimulationPlan(system.system, load).run()
    return (Double(result.events), Double(Monotonic.now() &- start) / 1e9, Double(result.done))
  }
}
