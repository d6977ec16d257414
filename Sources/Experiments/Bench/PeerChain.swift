import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// The same chain written in another way: see `Benchmarks/peers`.
final class PeerChain {
  enum Kind: String, CaseIterable {
    case c = "C epoll"
    case go = "Go net/http"
    case node = "Node http"
  }

  let kind: Kind
  let port: Int
  private let children: [ChildProcess]

  var pids: [Int32] { children.map(\.identity.pid) }

  /// Why a peer cannot take part.
  struct Missing: Error, CustomStringConvertible {
    var description: String
  }

  /// Starts the four processes.
  /// - Parameters:
  ///   - kind: which.
  ///   - sources: `Benchmarks/peers`.
  ///   - data: the folder with the databases of a running chain.
  ///   - scratch: a folder for what is built, and for the ledger.
  /// - Throws: `Missing`.
  init(_ kind: Kind, sources: String, data: String, scratch: String) async throws {
    self.kind = kind
    let ports = FreePorts.take(Topology.standard.names.count)
    port = ports[0]
    let (executable, prefix) = try await Self.program(kind, sources: sources, scratch: scratch)
    var environment = ProcessInfo.processInfo.environment
    if kind == .node, environment["NODE_PATH"] == nil {
      environment["NODE_PATH"] = "/usr/share/nodejs:/usr/lib/x86_64-linux-gnu/nodejs:/usr/lib/nodejs"
    }
    var started: [ChildProcess] = []
    // The callee before its caller.
    for (index, service) in Topology.standard.names.enumerated().reversed() {
      let callee = index + 1 < ports.count ? ports[index + 1] : 0
      started.append(
        try Command(
          executable: executable,
          arguments: prefix + [service.rawValue, "\(ports[index])", "\(callee)", data, "\(scratch)/ledger-\(port)"],
          environment: environment, output: "\(scratch)/\(service.rawValue)-\(port).log"
        ).spawn())
    }
    children = started
    guard await answers() else {
      close()
      throw Missing(
        description:
          "\(kind.rawValue) does not answer: \(RunFolder.lastLine(of: "\(scratch)/user-service-\(port).log"))")
    }
  }

  func close() {
    for child in children { child.end() }
  }

  private func answers() async -> Bool {
    for _ in 0..<100 {
      let plan = LoadPlan(
        to: Endpoint(port: port), paths: [BenchChain.onePath], arrival: .closed(clients: 1),
        duration: .milliseconds(100))
      let result = try? await LoadGenerator.run(plan, log: nil) { _ in }
      if let result, result.measured.successful > 0, result.measured.successful == result.measured.ended { return true }
      usleep(50_000)
    }
    return false
  }

  // MARK: Building

  private static func program(
    _ kind: Kind, sources: String, scratch: String
  ) async throws -> (executable: String, arguments: [String]) {
    switch kind {
    case .c:
      let program = "\(scratch)/chain-c"
      try await build(
        kind, "cc", ["-O2", "-o", program, "\(sources)/chain.c", "-lsqlite3"], program, scratch: scratch,
        hint: "apt-get install gcc libsqlite3-dev")
      return (program, [])
    case .go:
      let program = "\(scratch)/chain-go"
      try await build(
        kind, "go", ["build", "-o", program, "\(sources)/chain.go"], program, scratch: scratch,
        hint: "apt-get install golang-go golang-github-mattn-go-sqlite3-dev")
      return (program, [])
    case .node:
      guard let node = Tool.find("node") else {
        throw Missing(description: "node is not on the path: apt-get install nodejs node-sqlite3")
      }
      return (node, ["\(sources)/chain.js"])
    }
  }

  private static func build(
    _ kind: Kind, _ compiler: String, _ arguments: [String], _ program: String, scratch: String, hint: String
  ) async throws {
    guard let executable = Tool.find(compiler) else {
      throw Missing(description: "\(compiler) is not on the path: \(hint)")
    }
    var environment = ProcessInfo.processInfo.environment
    // Debian keeps its Go packages there; modules would be fetched.
    environment["GO111MODULE"] = "off"
    environment["GOPATH"] = environment["GOPATH"] ?? "/usr/share/gocode"
    environment["GOCACHE"] = environment["GOCACHE"] ?? "\(scratch)/go-cache"
    let output = "\(scratch)/build-\(compiler).log"
    let child = try Command(executable: executable, arguments: arguments, environment: environment, output: output)
      .spawn()
    guard await child.exitCode() == 0 else {
      throw Missing(description: "\(kind.rawValue) was not built: \(RunFolder.lastLine(of: output)); try: \(hint)")
    }
  }
}
