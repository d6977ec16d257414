import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Glibc
import KernelView
import Supervisor
import Topology
import TraceLog

/// Writing the log, and explaining a long one.
struct LogBench: Bench {
  static let name = "log"
  static let says = "a record while four processes write and one reads; explaining 10 million records"

  private static let writers = 4

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    let scratch = try Folder.scratch("bench-log")
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    try AtomicFile.write(Array(OwnChain.topology().yaml().utf8), to: "\(scratch)/services.yaml")
    return try await write(scratch) + explain(scratch, bench)
  }

  // MARK: Writing

  private func write(_ scratch: String) async throws -> [BenchFigure] {
    // Where the chain's log is: in memory.
    let memory = try Folder.scratch("bench", in: "/dev/shm")
    defer { try? FileManager.default.removeItem(atPath: memory) }
    let path = "\(memory)/trace.log"
    try LogWriter.create(path: path, sizeMiB: 256, runID: "bench")
    let children = try (0..<Self.writers).map { number in
      try chainlab(["write-records", path], root: scratch, output: "\(scratch)/writer-\(number)")
    }
    let reader = Task {
      // The newest are followed, as the page and `trace follow` do.
      while !Task.isCancelled {
        _ = try LogReader(path: path).scan().recordCount
        try await Task.sleep(for: .milliseconds(200))
      }
    }
    for child in children { _ = await child.exitCode() }
    reader.cancel()
    let costs = (0..<Self.writers).compactMap { number in
      (try? AtomicFile.read("\(scratch)/writer-\(number)")).flatMap {
        Double(String(decoding: $0, as: UTF8.self).split(separator: "\n").last ?? "")
      }
    }
    guard let worst = costs.max(), costs.count == Self.writers else {
      return [BenchFigure(Self.name, "a record", missing: RunFolder.lastLine(of: "\(scratch)/writer-0"), .atMost(100))]
    }
    return [
      BenchFigure(
        Self.name, "a record, four processes writing and one reading, median of the slowest", worst, "ns", .atMost(100))
    ]
  }

  // MARK: Explaining

  private struct Explained {
    var records: Int
    var aggregate: Double
    var whole: Double
    var replay: Double
    var memory: Int
  }

  private func explain(_ scratch: String, _ bench: BenchContext) async throws -> [BenchFigure] {
    let short = try await explain(scratch, seconds: 20, bench)
    let long = try await explain(scratch, seconds: 240, bench)
    let records = FigureText.number(Double(long.records) / 1e6)
    return [
      BenchFigure(
        Self.name, "aggregate figures of \(records) million records, per second and processor",
        Double(long.records) / long.aggregate / 1e6, "million", .atLeast(5)),
      BenchFigure(
        Self.name, "cascade of them, with blame", Double(long.records) / long.whole / 1e6, "million/s", nil),
      BenchFigure(
        Self.name, "replay of them, on which dumps, waterfalls and exports stand",
        Double(long.records) / long.replay / 1e6, "million/s", nil),
      BenchFigure(Self.name, "memory of cascade beside the log", Double(long.memory) / 1024, "MiB", nil),
      BenchFigure(
        Self.name, "the same, over that for \(FigureText.number(Double(short.records) / 1e6)) million records",
        Double(long.memory) / Double(max(1, short.memory)), "×", .atMost(1.2)),
    ]
  }

  private func explain(_ scratch: String, seconds: Int, _ bench: BenchContext) async throws -> Explained {
    bench.note("simulating \(seconds) s of a chain, and explaining its log")
    let made = try chainlab(
      [
        "simulate", "--rate", "800", "--poisson", "--duration", "\(seconds)s", "--set", "gateway.threads=64", "--set",
        "payment-service.threads=16", "--set", "payment-service.latency=5ms", "--cores", "4", "--fault",
        "payment-service latency=30ms for=10s", "--fault-at", "8s",
      ], root: scratch, output: "\(scratch)/simulate.txt")
    guard await made.exitCode() == 0, let path = try RunStore(root: scratch).find("latest").logPath() else {
      throw LessonRunError.step("simulate", RunFolder.lastLine(of: "\(scratch)/simulate.txt"))
    }
    let scan = try LogReader(path: path).scan()
    let aggregate = time {
      var fold = CascadeFold(
        processes: scan.overview.processes, strings: scan.overview.strings, options: CascadeOptions(blames: false))
      _ = scan.forEachBatch { records in
        for index in records.indices { fold.apply(records[index]) }
      }
    }
    let whole = time { _ = CascadeReport(scan) }
    let replay = time {
      var replay = ChainReplay()
      replay.learn(scan.overview)
      _ = scan.forEachBatch { records in
        for index in records.indices { replay.apply(records[index]) }
      }
    }
    let child = try chainlab(["cascade"], root: scratch, output: "\(scratch)/cascade.txt")
    let view = ProcessView(pid: child.identity.pid)
    let watch = Task {
      var most = 0
      while !Task.isCancelled {
        most = max(most, view.anonymousKiB)
        usleep(5_000)
      }
      return most
    }
    _ = await child.exitCode()
    watch.cancel()
    return Explained(
      records: scan.recordCount, aggregate: aggregate, whole: whole, replay: replay, memory: await watch.value)
  }

  private func time(_ body: () -> Void) -> Double {
    let start = Monotonic.now()
    body()
    return Double(Monotonic.now() &- start) / 1e9
  }

  private func chainlab(_ arguments: [String], root: String, output: String) throws -> ChildProcess {
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = root
    return try Command(
      executable: "\(LabFolder.binaries)/chainlab", arguments: arguments, environment: environment, output: output
    ).spawn()
  }
}
