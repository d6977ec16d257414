/// One part of the benchmark.
package protocol Bench {
  static var name: String { get }
  /// In one line.
  static var says: String { get }

  init()

  /// - Returns: its figures, in the order of the report.
  func run(_ bench: BenchContext) async throws -> [BenchFigure]
}

/// What the parts are told.
package struct BenchContext {
  /// How often contestants take turns.
  package var rounds: Int
  /// `Benchmarks/peers`.
  package var peerSources: String
  /// The folder with `services.yaml`.
  package var root: String

  package init(rounds: Int, peerSources: String, root: String) {
    (self.rounds, self.peerSources, self.root) = (rounds, peerSources, root)
  }

  package func note(_ text: String) { Terminal.note("bench: \(text)") }
}

/// All parts, in the order in which they are run.
package enum Benchmarks {
  package static var all: [any Bench.Type] {
    [
      ThroughputBench.self, TracingBench.self, InFlightBench.self, ThreadBench.self, SwitchBench.self, StartBench.self,
      LogBench.self, SimulatorBench.self, ScaleBench.self,
    ]
  }
}
