import ChainModel
import ChainTestSupport
import Glibc
import LoadGenerator
import Testing
import TraceLog

@Suite struct SpanLogTests {
  @Test(.timeLimit(.minutes(1)))
  func everyRequestIsASpanInTheLogAndCarriesItsContext() async throws {
    let route = "/users/{username}/payment-status"
    try await TinyServer.with(.answer(status: 404)) { server in
      let (snapshot, result) = try await logged { log in
        var plan = plan(server, .open(rate: 200, spacing: .fixed), timeout: .seconds(3))
        plan.paths = [route]
        plan.usernames = ["ada", "zoë"]
        plan.headers = [LoadPlan.Header(name: "x-lab", value: "yes")]
        return try await LoadGenerator.run(plan, log: log) { _ in }
      }
      let starts = snapshot.records.filter { $0.kind == .spanStart }
      let ends = snapshot.records.filter { $0.kind == .spanEnd }
      #expect(starts.count == 80 && result.measured.started == 80)
      #expect(Set(starts.map(\.span)).count == 80 && Set(starts.compactMap(\.trace)).count == 80)
      #expect(Set(starts.map(\.span)) == Set(ends.map(\.span)))
      #expect(starts.allSatisfy { snapshot.strings[$0.name] == "GET \(route)" })
      #expect(starts.allSatisfy { $0.detail == SpanKind.client.rawValue && $0.other == 0 })
      #expect(starts.allSatisfy { snapshot.process($0)?.name == "load" })
      #expect(ends.allSatisfy { $0.arg == 404 && snapshot.strings[$0.name].isEmpty })

      let sent = try server.counts.heads.map(SentHead.init)
      #expect(Set(sent.map(\.context.span.rawValue)) == Set(starts.map(\.span)))
      #expect(Set(sent.map(\.context.trace)) == Set(starts.compactMap(\.trace)))
      #expect(sent.allSatisfy { $0.context.sampled && $0.context.random })
      #expect(sent.allSatisfy { $0.timeout > 1000 && $0.timeout <= 3000 })
      #expect(Set(sent.map(\.path)) == ["/users/ada/payment-status", "/users/zo%C3%AB/payment-status"])
      #expect(sent.allSatisfy { $0.headers["x-lab"] == "yes" && $0.headers["host"] == "127.0.0.1:\(server.port)" })
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func theLoopsThreadsAnnounceThemselvesAndSayWhenTheyStop() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      let (snapshot, _) = try await logged { log in
        var plan = plan(server, .closed(clients: 4))
        plan.loops = 2
        return try await LoadGenerator.run(plan, log: log) { _ in }
      }
      let starts = snapshot.records.filter { $0.kind == .threadStart }
      #expect(Set(starts.map { snapshot.strings[$0.name] }) == ["load-0", "load-1"])
      #expect(starts.allSatisfy { $0.detail == ThreadRole.other.rawValue && $0.other > 0 })
      let threads = Set(starts.map(\.thread))
      #expect(threads.count == 2)
      #expect(Set(snapshot.records.filter { $0.kind == .spanStart }.map(\.thread)) == threads)
      #expect(Set(snapshot.records.filter { $0.kind == .threadStop }.map(\.thread)) == threads)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aRequestWithoutAnAnswerEndsWithItsErrorType() async throws {
    try await TinyServer.with(.neverAnswer) { server in
      let (snapshot, _) = try await logged { log in
        let plan = plan(server, .open(rate: 50, spacing: .fixed), timeout: .milliseconds(100))
        return try await LoadGenerator.run(plan, log: log) { _ in }
      }
      let ends = snapshot.records.filter { $0.kind == .spanEnd }
      #expect(ends.count == 20)
      #expect(ends.allSatisfy { $0.arg == 0 && snapshot.strings[$0.name] == "timeout" })
    }
  }

  /// Runs a body with a new log and reads the log afterwards.
  private func logged(
    _ body: (LogWriter) async throws -> LoadResult
  ) async throws -> (LogSnapshot, LoadResult) {
    let path = "/dev/shm/chainlab-load-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    try LogWriter.create(path: path, sizeMiB: 64, runID: "test")
    defer { unlink(path) }
    let log = try LogWriter(path: path, name: "load")
    let result = try await body(log)
    log.close()
    return (try LogReader(path: path).snapshot(), result)
  }
}

/// The head of a request as it came over the wire.
private struct SentHead {
  let path: String
  let headers: [String: String]
  let context: TraceContext
  let timeout: Int

  init(_ text: String) throws {
    let lines = text.split(separator: "\r\n")
    let words = try #require(lines.first).split(separator: " ")
    #expect(words.count == 3 && words[0] == "GET" && words[2] == "HTTP/1.1")
    path = String(words[1])
    headers = Dictionary(
      uniqueKeysWithValues: try lines.dropFirst().map { line in
        let colon = try #require(line.firstIndex(of: ":"))
        return (line[..<colon].lowercased(), String(line[colon...].dropFirst(2)))
      })
    let parent = try #require(headers[TraceContext.parentHeader])
    context = try #require(TraceContext(parents: [parent], states: []))
    timeout = try #require(headers[Deadline.header].flatMap { Int($0) })
  }
}
