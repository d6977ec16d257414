import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Dashboard
import FoundationEssentials
import Glibc
import Lessons
import Synchronization
import Topology
import TraceLog

/// A lab of which the page sees what a test has made up.
final class TestLab: LabAccess {
  struct NoSuchRun: Error, CustomStringConvertible {
    var description = "there is no such run"
  }

  let folder: String
  private let commands = Mutex<[[String]]>([])
  private let queries = Mutex<[ForecastQuery]>([])
  private let pinged: PingOutcome
  private let runCount: Int
  private let configured = LiveChain.topology()
  private let isChainRunning: Bool
  /// While it holds, a load goes on.
  private let isLoading = Atomic(true)

  init(isChainRunning: Bool = true, ping: PingOutcome = .unreachable, runs: Int = 1) throws {
    pinged = ping
    runCount = runs
    folder = "/dev/shm/chainlab-page-\(getpid())-\(UInt64.random(in: .min ... .max))"
    self.isChainRunning = isChainRunning
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }

  var path: String { "\(folder)/trace.log" }
  /// What was to be carried out so far.
  var performed: [[String]] { commands.withLock { $0 } }
  /// What was to be foretold so far.
  var asked: [ForecastQuery] { queries.withLock { $0 } }

  func runs() throws -> [RunEntry] {
    (1...runCount).map {
      RunEntry(id: "run-\($0)", phase: "ended", startedAt: "2026-01-01T00:00:00Z", endedAt: nil)
    }
  }

  /// Of a run beside the first, which a test may write a log of.
  func path(of run: String) -> String { "\(folder)/\(run).log" }

  func logs(run: String) throws -> [LogSource] {
    if run == "run-1" { return [LogSource(path: path)] }
    guard FileManager.default.fileExists(atPath: path(of: run)) else { throw NoSuchRun() }
    return [LogSource(path: path(of: run))]
  }

  func chain() -> ChainEntry? {
    guard isChainRunning else { return nil }
    return ChainEntry(
      runID: "run-1", logs: [LogSource(path: path)], front: "gateway", at: Endpoint(port: 1))
  }

  func ping(_ service: Endpoint) async -> PingOutcome { pinged }

  func topology() throws -> Topology { configured }

  /// What is asked, and an answer that is told from others.
  func forecast(_ query: ForecastQuery) async throws -> Forecast {
    queries.withLock { $0.append(query) }
    return Forecast(
      front: .gateway, services: [Forecast.Service(.paymentService, model: .blocking, threads: 7)], capacity: 7,
      bottleneck: .threads(.paymentService), unloaded: .seconds(1))
  }

  func compare(_ a: String, _ b: String) async throws -> WindowComparison { throw NoSuchRun() }

  func lessons() throws -> [LessonEntry] {
    try LessonBook.lessons().map { LessonEntry($0, outcome: LessonOutcome($0, [], quick: true), isQuick: true) }
  }

  func perform(_ words: [String]) async -> CommandOutcome {
    commands.withLock { $0.append(words) }
    while ["load", "lesson"].contains(words.first), isLoading.load(ordering: .relaxed) {
      try? await Task.sleep(for: .milliseconds(5))
    }
    return CommandOutcome(command: "", exitCode: 0, output: "said")
  }

  func interrupt(_ words: [String]) { isLoading.store(false, ordering: .relaxed) }
}

/// The page of a test lab, on a port of its own.
struct TestPage {
  let port: Int

  static func with(
    _ lab: TestLab, limits: PageLimits = PageLimits(), _ body: @Sendable (TestPage) async throws -> Void
  ) async throws {
    let server = try DashboardServer(at: Endpoint(port: 0), access: lab, limits: limits)
    let serving = Task { await server.run() }
    do {
      try await body(TestPage(port: server.port))
    } catch {
      serving.cancel()
      await serving.value
      throw error
    }
    serving.cancel()
    await serving.value
  }

  func send(_ path: String, method: String = "GET", headers: [String] = [], body: String? = nil) -> ProbeAnswer? {
    HTTPProbe("http://127.0.0.1:\(port)\(path)", method: method, headers: headers, body: body).send()
  }

  func post(_ words: [String], type: String = "application/json") -> ProbeAnswer? {
    let body = String(decoding: WireJSON.encode(["words": words]), as: UTF8.self)
    return send("/api/v1/commands", method: "POST", headers: ["content-type: \(type)"], body: body)
  }

  func json<Value: Decodable>(_ path: String, as type: Value.Type) -> Value? {
    send(path).flatMap { WireJSON.decode(type, from: $0.body) }
  }

  func connect(receiveBuffer: Int32? = nil) throws -> RawClient {
    try RawClient(port: port, receiveBuffer: receiveBuffer)
  }

  /// Asks for a path over a connection, with these headers in place of its own host. The answer's status; nil without one
  /// in time.
  func status(
    _ path: String, over client: RawClient, headers: [String] = [], within timeout: Duration = .seconds(30)
  ) throws -> Int? {
    let lines = ["GET \(path) HTTP/1.1"] + (headers.isEmpty ? ["Host: 127.0.0.1:\(port)"] : headers)
    try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
    return try client.read(until: "\r\n", within: timeout).flatMap { Int($0.dropFirst("HTTP/1.1 ".count).prefix(3)) }
  }

  /// Reads what comes for a path until it holds a text; nil if it does not come.
  func read(_ path: String, until text: String) throws -> String? {
    let client = try connect()
    try client.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    return try client.read(until: text)
  }
}
