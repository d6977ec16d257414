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
      let half = try page.connect()
      try half.send("GET / HTTP/1.1\r\nHost: 127.0")
      #expect(try half.end() != .open)
      let drops = try page.connect()
      #expect(
        Patience.wait(
          .seconds(10),
          until: {
            guard (try? drops.send("G")) != nil else { return true }
            return (try? drops.end(within: .milliseconds(10))) != .open
          }))
      let head = try page.connect()
      try head.send("GET / HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nX-Long: ")
      let piece = String(repeating: "x", count: 64 * 1024)
      for _ in 0..<16 where (try? head.send(piece)) == nil { break }
      #expect(try head.end() != .open)
      #expect(page.send("/")?.status == 200)
    }
  }

  @Test(.timeLimit(.minutes(1))) func connectionsAreBounded() async throws {
    var limits = PageLimits()
    limits.connections = 3
    try await TestPage.with(try TestLab(isChainRunning: false), limits: limits) { page in
      var open: [RawClient] = []
      for _ in 0..<3 { open.append(try page.connect()) }
      // Whether it was counted is known by an answer.
      for client in open { #expect(try page.status("/", over: client) == 200) }
      // The kernel takes it; the page does once there is room.
      let further = try page.connect()
      #expect(try page.status("/", over: further, within: .seconds(1)) == nil)
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
    limits.patience = .seconds(2)
    try await TestPage.with(lab, limits: limits) { page in
      func follow() -> Int? { try? page.status("/api/v1/events", over: page.connect()) }
      let deaf = try page.connect(receiveBuffer: 4096)
      try deaf.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\n\r\n")
      #expect(try deaf.read(until: "event: state") != nil)
      #expect(follow() == 503)
      #expect(Patience.wait(.seconds(90), until: { follow() == 200 }))
    }
  }
}
