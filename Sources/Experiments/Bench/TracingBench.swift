import ChainModel
import LoadGenerator

/// What the log costs the chain: one chain with it, one without.
struct TracingBench: Bench {
  static let name = "tracing"
  static let says = "the chain with its log against the same chain without one"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    let settings = ["all.io_model": "nonblocking", "all.store_threads": "1"]
    let on = try BenchChain("traced", settings)
    defer { on.close() }
    let off = try BenchChain("untraced", settings.merging(["trace_log.enabled": "false"]) { $1 })
    defer { off.close() }
    let contest = Contest(
      contestants: [
        .init(name: "traced", port: on.port, pids: on.pids), .init(name: "untraced", port: off.port, pids: off.pids),
      ], load: Wrk.path == nil ? .ours : .wrk)
    let rounds = try await contest.run(rounds: 2 * bench.rounds, progress: bench.note)
    return [
      BenchFigure(
        Self.name, "throughput, traced / untraced", rounds.ratio(\.rate, of: "traced", to: "untraced"), "×",
        .atLeast(0.98)),
      BenchFigure(
        Self.name, "processor time per request, traced / untraced",
        rounds.ratio(\.cost, of: "traced", to: "untraced"), "×", .atMost(1.03)),
    ]
  }
}
