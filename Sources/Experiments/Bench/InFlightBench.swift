import ChainModel
import Glibc
import KernelView
import LoadGenerator
import Supervisor

/// Many requests that wait at once.
struct InFlightBench: Bench {
  static let name = "in-flight"
  static let says = "400 requests of 100 ms and 9,900 of 5 s at once, without a thread for each"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    try await fewer(bench) + more(.nonblocking, bench) + more(.nonblockingAsync, bench)
  }

  /// 400 clients, each answer after 100 ms: at most 4,000 a second.
  private func fewer(_ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain(Self.name, ["all.io_model": "nonblocking", "payment-service.latency": "100ms"])
    defer { chain.close() }
    bench.note("400 clients, 100 ms")
    let result = try await chain.load(.closed(clients: 400), warmUp: .seconds(2), .seconds(6))
    return [
      BenchFigure(
        Self.name, "400 clients at 100 ms, rate / ideal", result.rates.successful / 4000, "×", .atLeast(0.97)),
      BenchFigure(
        Self.name, "400 clients at 100 ms, p99", result.latency.successful.uncorrected?.p99 ?? .infinity, "ms",
        .atMost(120)),
    ]
  }

  /// As many as the descriptors of a process allow, and then more than that.
  private func more(_ model: IOModel, _ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain(
      Self.name,
      [
        "all.io_model": model.rawValue, "payment-service.latency": "5s", "all.threads": "1",
        "all.in_flight_limit": "100000", "all.connection_limit": "100000", "all.backlog": "20000",
      ])
    defer { chain.close() }
    let descriptors = Int(sysconf(Int32(_SC_OPEN_MAX)))
    let clients = min(9_900, (descriptors - 200) / 2)
    bench.note("\(clients) requests of 5 s in flight, \(model.rawValue)")
    let before = chain.pids.map(ProcessView.init).map(\.anonymousKiB)
    async let sent = chain.load(.closed(clients: clients), .seconds(12), timeout: .seconds(60))
    let (during, threads) = try await highest(chain)
    let result = try await sent
    let failed = Double(result.measured.ended - result.measured.successful)
    let each = zip(during, before).map { Double($0 - $1) / Double(clients) }
    let label = "\(clients) requests of 5 s, \(model.rawValue)"
    return [
      BenchFigure(Self.name, "\(label), failed", failed, "requests", .atMost(0)),
      BenchFigure(
        Self.name, "\(label), memory per request and hop that calls", each.dropLast().reduce(0, +) / 3, "KiB",
        .atMost(2)),
      BenchFigure(Self.name, "\(label), memory per request at the last hop", each.last ?? 0, "KiB", nil),
      BenchFigure(Self.name, "\(label), threads of four services", Double(threads), "", .atMost(20)),
    ]
  }

  /// Memory of each process, and threads of all, when most requests are in flight.
  private func highest(_ chain: BenchChain) async throws -> (memory: [Int], threads: Int) {
    let views = chain.pids.map(ProcessView.init)
    var most = (inFlight: 0, memory: [Int](), threads: 0)
    for _ in 0..<40 {
      try await Task.sleep(for: .milliseconds(250))
      let inFlight = try chain.control(.paymentService).status().inFlight
      guard inFlight >= most.inFlight else { continue }
      most = (inFlight, views.map(\.anonymousKiB), views.reduce(0) { $0 + $1.threads.count })
    }
    return (most.memory, most.threads)
  }
}
