import ChainModel
import ChainTestSupport
import Dashboard
import Supervisor
import Testing
import TraceLog

/// Whatever comes, the page stays small: what it keeps and whom it waits for is bounded by time and by size.
@Suite struct LimitTests {
  private struct Overview: Decodable {
    var kept_since_ns: UInt64
    var complete_since_ns: UInt64
    var to_ns: UInt64
    var keeps: Int
    var keeps_ns: UInt64
    var lanes: [[String]]
  }

  private func overview(_ limits: PageLimits, isOver: Bool) async throws -> Overview {
    let lab = try TestLab(isChainRunning: !isOver)
    let gateway = try lab.writeLog(requests: 50, isOver: isOver)
    defer { gateway.close() }
    let found = Found()
    try await TestPage.with(lab, limits: limits) { page in
      found.overview = page.json("/api/v1/runs/run-1?cells=10", as: Overview.self)
    }
    return try #require(found.overview)
  }

  private final class Found: @unchecked Sendable {  // read after the page has ended
    var overview: Overview?
  }

  /// Each request makes three slices and two changes of the queue.
  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func aTimelineIsBoundedBySize(_ isOver: Bool) async throws {
    var limits = PageLimits()
    limits.slices = 60
    let overview = try await overview(limits, isOver: isOver)
    #expect(overview.keeps == 60)
    #expect(overview.lanes.compactMap { Int($0[3]) }.reduce(0, +) <= 60)
    #expect(overview.lanes.compactMap { Int($0[3]) }.reduce(0, +) >= 12)
    #expect(overview.kept_since_ns > 0 && overview.kept_since_ns < overview.to_ns)
    #expect(overview.complete_since_ns >= overview.kept_since_ns)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func aTimelineIsBoundedByTime(_ isOver: Bool) async throws {
    var limits = PageLimits()
    limits.age = .milliseconds(100)
    let overview = try await overview(limits, isOver: isOver)
    #expect(overview.keeps_ns == 100 * TestLab.milli)
    #expect(overview.to_ns - overview.kept_since_ns <= 100 * TestLab.milli * 9 / 8)
    #expect(overview.lanes.compactMap { Int($0[3]) }.reduce(0, +) < 50)
  }

  @Test(.timeLimit(.minutes(1))) func withinItsLimitsATimelineIsWhole() async throws {
    let overview = try await overview(PageLimits(), isOver: true)
    #expect(overview.kept_since_ns == 0)
    #expect(overview.lanes.compactMap { Int($0[3]) }.reduce(0, +) == 150)
  }

  /// Half a request, a drop at a time, and a head without end.
  @Test(.timeLimit(.minutes(1))) func whoSendsNoWholeRequestLosesTheConnection() async throws {
    var limits = PageLimits()
    limits.patience = .milliseconds(300)
    try await TestPage.with(try TestLab(isChainRunning: false), limits: limits) { page in
      let half = try #require(page.connect())
      half.send("GET / HTTP/1.1\r\nHost: 127.0")
      #expect(Patience.wait(.seconds(10), until: { half.isClosed }))
      let drops = try #require(page.connect())
      #expect(
        Patience.wait(
          .seconds(10),
          until: {
            drops.send("G")
            return drops.isClosed
          }))
      let head = try #require(page.connect())
      head.send("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nX-Long: ")
      let piece = String(repeating: "x", count: 64 * 1024)
      for _ in 0..<16 { head.send(piece) }
      #expect(Patience.wait(.seconds(10), until: { head.isClosed }))
      #expect(page.send("/")?.status == 200)
    }
  }

  @Test(.timeLimit(.minutes(1))) func connectionsAreBounded() async throws {
    var limits = PageLimits()
    limits.connections = 3
    try await TestPage.with(try TestLab(isChainRunning: false), limits: limits) { page in
      var open: [RawConnection] = []
      for _ in 0..<3 { open.append(try #require(page.connect())) }
      // Whether it was counted is known by an answer.
      for connection in open { #expect(connection.status("/", port: page.port) == 200) }
      let further = try #require(page.connect())
      #expect(Patience.wait(.seconds(10), until: { further.isClosed }))
      open.removeAll()
      #expect(Patience.wait(.seconds(10), until: { page.send("/")?.status == 200 }))
    }
  }

  /// One that follows the chain and never reads must not keep its place for good.
  @Test(.timeLimit(.minutes(3))) func aStreamThatTakesNothingLosesItsPlace() async throws {
    let lab = try TestLab(isChainRunning: true)
    // Each state is large, so that the kernel's buffers are soon full.
    let gateway = try lab.writeThreads(300)
    defer { gateway.close() }
    var limits = PageLimits()
    limits.streams = 1
    limits.streamPatience = .milliseconds(400)
    try await TestPage.with(lab, limits: limits) { page in
      func follow() -> Int? { page.connect()?.status("/api/v1/events", port: page.port) }
      let deaf = try #require(page.connect(receiveBuffer: 4096))
      deaf.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\n\r\n")
      #expect(deaf.read(until: "event: state") != nil)
      #expect(follow() == 503)
      #expect(Patience.wait(.seconds(90), until: { follow() == 200 }))
    }
  }
}
