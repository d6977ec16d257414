import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Dashboard
import FoundationEssentials
import Glibc
import Lessons
import NIOCore
import NIOPosix
import Synchronization
import TraceLog

/// A lab of which the page sees what a test has made up.
final class TestLab: LabAccess {
  struct NoSuchRun: Error, CustomStringConvertible {
    var description = "there is no such run"
  }

  let folder: String
  private let commands = Mutex<[[String]]>([])
  private let isChainRunning: Bool
  /// While it holds, a load goes on.
  private let isLoading = Atomic(true)

  init(isChainRunning: Bool = true) throws {
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

  func runs() throws -> [RunEntry] {
    [RunEntry(id: "run-1", phase: "ended", startedAt: "2026-01-01T00:00:00Z", endedAt: nil)]
  }

  func logPath(run: String) throws -> String {
    guard run == "run-1" else { throw NoSuchRun() }
    return path
  }

  func chain() -> ChainEntry? {
    guard isChainRunning else { return nil }
    return ChainEntry(runID: "run-1", logPath: path, gatewayPort: 1)
  }

  func ping(port: Int) async -> Bool { false }

  func compare(_ a: String, _ b: String) async throws -> RunComparison { throw NoSuchRun() }

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
    _ lab: TestLab, _ body: @Sendable (TestPage) async throws -> Void
  ) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let server = try await DashboardServer(port: 0, access: lab, group: group)
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
    try await group.shutdownGracefully()
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

  /// Reads what comes on a connection until it holds a text; nil if it does not come.
  func read(_ path: String, until text: String) -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
    guard connected == 0, Glibc.send(descriptor, request, request.count, 0) == request.count else { return nil }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while !String(decoding: bytes, as: UTF8.self).contains(text) {
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0, bytes.count < 1 << 24 else { return nil }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
