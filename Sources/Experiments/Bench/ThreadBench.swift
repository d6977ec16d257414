import ChainModel
import Glibc
import KernelView
import LoadGenerator
import Supervisor

/// Threads that are blocked: what one costs, and 2,000 of them in each service.
struct ThreadBench: Bench {
  static let name = "threads"
  static let says = "2,000 blocked threads in each of four services"

  private static let threads = 2000

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain(
      Self.name,
      [
        "all.threads": "\(Self.threads)", "all.queue_limit": "100", "all.io_model": "nonblocking",
        "payment-service.latency": "4s",
      ])
    defer { chain.close() }
    let views = chain.pids.map(ProcessView.init)
    let before = views.map(\.anonymousKiB)
    try chain.setMode(.blocking)
    bench.note("\(Self.threads) clients, each holding a thread of every service for 4 s")
    async let sent = chain.load(.closed(clients: Self.threads), .seconds(10), timeout: .seconds(60))
    var blocked: [Int] = []
    for _ in 0..<30 {
      try await Task.sleep(for: .milliseconds(400))
      guard try chain.statuses().allSatisfy({ $0.pool.busy >= Self.threads }) else { continue }
      blocked = views.map(\.anonymousKiB)
      break
    }
    let result = try await sent
    let failed = Double(result.measured.ended - result.measured.successful)
    let each = zip(blocked, before).map { Double($0 - $1) / Double(Self.threads) }
    guard !each.isEmpty else {
      return [
        BenchFigure(
          Self.name, "memory of a blocked thread", missing: "the threads were never all busy at once", .atMost(64))
      ]
    }
    return [
      BenchFigure(
        Self.name, "memory of a thread blocked in a call, with its request's", each.dropLast().reduce(0, +) / 3, "KiB",
        .atMost(64)),
      BenchFigure(Self.name, "of that in the gateway, which has no database", each[0], "KiB", nil),
      BenchFigure(Self.name, "\(Self.threads) threads a service, requests failed", failed, "requests", .atMost(0)),
    ]
  }
}
