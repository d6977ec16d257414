import ChainModel
import ChainTestSupport
import Dashboard
import FoundationEssentials
import Testing
import TraceLog

/// What the timeline tells of a log that is known to the nanosecond.
@Suite struct TimelineTests {
  private static let requests = 50

  private struct Overview: Decodable {
    struct Service: Decodable {
      var service: String
      var threads: Int
      var blocked: [Double]
      var suspended: [Double]
    }

    var run_id: String
    var to_ns: UInt64
    var lanes: [[String]]
    var services: [Service]
    var events: [[Lanes.Cell]]
  }

  private struct Lanes: Decodable {
    struct Lane: Decodable {
      var lane: Int
      var slices: [[Cell]]
    }

    enum Cell: Decodable {
      case number(UInt64)
      case index(Int)
      case text(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(UInt64.self) {
          self = .number(number)
        } else if let index = try? container.decode(Int.self) {
          self = .index(index)
        } else {
          self = .text(try container.decode(String.self))
        }
      }

      var value: UInt64 { if case .number(let number) = self { number } else { 0 } }
      var signed: Int { if case .index(let index) = self { index } else { Int(value) } }
      var string: String { if case .text(let text) = self { text } else { "" } }
    }

    var from_ns: UInt64
    var of: Int
    var lanes: [Lane]
    var targets: [String]
  }

  private struct States: Decodable {
    struct Row: Decodable {
      var state: String
      var target: String
      var thread_ns: UInt64
      var count: Int
      var longest_ns: UInt64
    }

    var threads: Int
    var rows: [Row]
  }

  private struct Hits: Decodable {
    struct Hit: Decodable {
      var what: String
      var lane: Int
      var span_id: String?
    }

    var hits: [Hit]
  }

  private func page(_ body: @Sendable (TestPage) async throws -> Void) async throws {
    let lab = try TestLab(isChainRunning: false)
    try lab.writeLog(requests: Self.requests)
    try await TestPage.with(lab, body)
  }

  @Test(.timeLimit(.minutes(1))) func aRunIsListedThreadByThread() async throws {
    try await page { page in
      let overview = try #require(page.json("/api/v1/runs/run-1?cells=10", as: Overview.self))
      #expect(overview.lanes.map { $0[1] } == ["gateway-w1", "gateway-w2"])
      #expect(overview.services.map(\.service) == ["gateway"])
      #expect(overview.services[0].threads == 2)
      #expect(overview.events.map { $0[2].string } == ["started", "stopped"])
      // 50 waits of 3 ms.
      let cell = Double(overview.to_ns / 10 + 1)
      let blocked = overview.services[0].blocked.reduce(0, +) * cell
      #expect(abs(blocked - 150e6) < 0.01 * 10 * cell)
    }
  }

  private struct Strips: Decodable {
    struct Service: Decodable {
      var service: String
      var queue: Int
      var blocked: [Double]
      var running: [Double]
    }

    var from_ns: UInt64
    var cell_ns: UInt64
    var services: [Service]
  }

  /// Two halves of a run hold what the whole holds, and what is out of the stretch does not count.
  @Test(.timeLimit(.minutes(1))) func aStripIsOfItsStretchAlone() async throws {
    try await page { page in
      let end = try #require(page.json("/api/v1/runs/run-1?cells=1", as: Overview.self)).to_ns
      func blocked(_ from: UInt64, _ to: UInt64) throws -> Double {
        let path = "/api/v1/runs/run-1/strips?from=\(from)&to=\(to)&cells=40"
        let strips = try #require(page.json(path, as: Strips.self))
        #expect(strips.services.map(\.service) == ["gateway"] && strips.services[0].blocked.count == 40)
        return strips.services[0].blocked.reduce(0, +) * Double(strips.cell_ns)
      }
      let (whole, first, second) = (try blocked(0, end), try blocked(0, end / 2), try blocked(end / 2, end))
      #expect(abs(whole - 150e6) < 0.03 * 150e6)
      #expect(abs(whole - first - second) < 0.03 * 150e6)
      #expect(first < 0.8 * whole && second < 0.8 * whole)
      #expect(try blocked(end + 1_000, end + 2_000) == 0)
      #expect(page.send("/api/v1/runs/run-1/strips?from=5&to=4")?.status == 400)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 7, 400, 4_000]) func whatIsMergedKeepsItsSums(_ cells: Int) async throws
  {
    try await page { page in
      let lanes = try #require(
        page.json("/api/v1/runs/run-1/lanes?from=0&to=100000000000&cells=\(cells)&first=0&count=2", as: Lanes.self))
      let slices = lanes.lanes[0].slices
      #expect(slices.reduce(0) { $0 + $1[7].value } == 150 * TestLab.milli)
      #expect(slices.reduce(0) { $0 + $1[6].value } == 100 * TestLab.milli)
      #expect(slices.reduce(0) { $0 + $1[5].value } == 150)
      #expect(lanes.lanes[1].slices.isEmpty)
      #expect(slices.count <= cells + 1)
    }
  }

  /// Who waits without a thread is seen all the same: each in a row, and those that are too many as one.
  @Test(.timeLimit(.minutes(1))) func requestsWithoutAThreadHaveRowsOfTheirOwn() async throws {
    let lab = try TestLab(isChainRunning: false)
    try lab.writeSuspended(requests: 45)
    try await TestPage.with(lab) { page in
      let overview = try #require(page.json("/api/v1/runs/run-1?cells=10", as: Overview.self))
      let rows = (1...40).map { "suspended \($0)" }
      #expect(overview.lanes.map { $0[1] } == ["gateway-l1"] + rows + ["suspended, more"])
      #expect(overview.lanes.dropFirst().allSatisfy { $0[2] == "suspended" })
      #expect(overview.services[0].threads == 1 && overview.services[0].blocked.allSatisfy { $0 == 0 })
      // 45 waits of 60 ms and more: one of 60, one of 61, …
      let time = (0..<45).reduce(0.0) { $0 + Double(61 + $1) * 1e6 }
      let cell = Double(overview.to_ns / 10 + 1)
      #expect(abs(overview.services[0].suspended.reduce(0, +) * cell - time) < 0.01 * 10 * cell)

      let lanes = try #require(
        page.json("/api/v1/runs/run-1/lanes?from=0&to=300000000&cells=4000&first=0&count=42", as: Lanes.self))
      let waits = lanes.lanes[1...40].map { $0.slices.map { $0[1].value - $0[0].value } }
      #expect(waits == (0..<40).map { [(105 - UInt64($0)) * TestLab.milli] })
      #expect(lanes.lanes[7].slices.map { $0[4].string } == ["000000000000000d"])
      #expect(lanes.lanes[7].slices.map { $0[2].value } == [UInt64(WaitCause.call.rawValue)])
      #expect(lanes.targets == ["user-service"])
      // One more from millisecond to millisecond, then all five until the end.
      let more = lanes.lanes[41].slices
      #expect(more.map { $0[5].value } == [1, 2, 3, 4, 5])
      #expect(more.map { $0[1].value - $0[0].value } == [1, 1, 1, 1, 61].map { $0 * TestLab.milli })

      let states = try #require(
        page.json("/api/v1/runs/run-1/states?from=0&to=100000000000&first=0&count=42", as: States.self))
      #expect(states.threads == 1)
      #expect(states.rows.map(\.thread_ns).reduce(0, +) == UInt64(time))
    }
  }

  @Test(.timeLimit(.minutes(1))) func aWindowShowsSliceBySlice() async throws {
    try await page { page in
      let whole = try #require(
        page.json("/api/v1/runs/run-1/lanes?from=0&to=100000000000&cells=4000&first=0&count=1", as: Lanes.self))
      let first = try #require(whole.lanes.first?.slices.first)
      let begin = whole.from_ns + first[0].value
      let path = "/api/v1/runs/run-1/lanes?from=\(begin)&to=\(begin + 10 * TestLab.milli)&cells=1000&first=0&count=1"
      let lanes = try #require(page.json(path, as: Lanes.self))
      let slices = lanes.lanes[0].slices
      #expect(slices.map { $0[1].value - $0[0].value } == [1, 3, 1].map { $0 * TestLab.milli })
      #expect(slices.map { $0[2].value } == [0, UInt64(WaitCause.call.rawValue), 0])
      #expect(slices.map { $0[4].string } == Array(repeating: "0000000000000001", count: 3))
      #expect(lanes.targets == ["user-service"])
      #expect(lanes.of == 2)
    }
  }

  /// What began before the window or ends after it is told whole, so that nobody reads a shorter wait off it.
  @Test(.timeLimit(.minutes(1))) func aWindowWithinAWaitTellsTheWholeWait() async throws {
    try await page { page in
      let whole = try #require(
        page.json("/api/v1/runs/run-1/lanes?from=0&to=200000000&cells=4000&first=0&count=1", as: Lanes.self))
      let wait = try #require(whole.lanes.first?.slices.first { $0[2].value == UInt64(WaitCause.call.rawValue) })
      let begin = whole.from_ns + wait[0].value + TestLab.milli
      let path = "/api/v1/runs/run-1/lanes?from=\(begin)&to=\(begin + TestLab.milli)&cells=10&first=0&count=1"
      let slices = try #require(page.json(path, as: Lanes.self)).lanes[0].slices
      #expect(slices.map { $0[0].signed } == [-Int(TestLab.milli)])
      #expect(slices.map { $0[1].signed } == [2 * Int(TestLab.milli)])
    }
  }

  @Test(.timeLimit(.minutes(1))) func anAreaIsMeasured() async throws {
    try await page { page in
      let states = try #require(page.json("/api/v1/runs/run-1/states?from=0&to=100000000000", as: States.self))
      #expect(states.threads == 2)
      #expect(states.rows.map(\.state) == ["call", "running"])
      #expect(states.rows.map(\.thread_ns) == [150 * TestLab.milli, 100 * TestLab.milli])
      #expect(states.rows[0].longest_ns == 3 * TestLab.milli)
      #expect(states.rows[0].target == "user-service")
    }
  }

  @Test(.timeLimit(.minutes(1))) func spansAreFoundAndTheirTraceIsShown() async throws {
    try await page { page in
      let hits = try #require(page.json("/api/v1/runs/run-1/search?q=USERNAME", as: Hits.self)).hits
      #expect(hits.count == Self.requests)
      let span = try #require(hits[7].span_id)
      let trace = try #require(page.send("/api/v1/runs/run-1/traces/span:\(span)"))
      #expect(trace.status == 200)
      #expect(trace.text.contains("\"blocked_ns\":3000000"))
      let later = page.json("/api/v1/runs/run-1/search?q=username&from=250000000", as: Hits.self)
      #expect(later.map { (20...30).contains($0.hits.count) } == true)
      #expect(page.json("/api/v1/runs/run-1/search?q=nowhere", as: Hits.self)?.hits.isEmpty == true)
      let thread = try #require(page.json("/api/v1/runs/run-1/search?q=gateway-w2", as: Hits.self)).hits
      #expect(thread.map(\.lane) == [1])
    }
  }

  @Test(.timeLimit(.minutes(1))) func whatDoesNotExistIsNamed() async throws {
    try await page { page in
      for (path, status) in [
        ("runs/nosuch", 404), ("runs/nosuch/lanes", 404), ("runs/run-1/nosuch", 404), ("runs/current", 404),
        ("runs/run-1/traces/0123", 404), ("runs/run-1/traces/span:ffffffffffffffff", 404), ("nosuch", 404),
        ("runs/run-1/lanes?from=x", 400), ("runs/run-1/lanes?from=5&to=4", 400), ("runs/run-1/lanes?cells=0", 400),
        ("runs/run-1/lanes?to=99999999999999999999", 400), ("runs/run-1/search", 400), ("compare?a=1", 400),
        ("compare?a=1&b=2", 404),
      ] {
        let answer = try #require(page.send("/api/v1/\(path)"), "\(path)")
        #expect(answer.status == status, "\(path): \(answer.text)")
        #expect(answer.text.contains("detail"))
      }
    }
  }

  @Test(.timeLimit(.minutes(1))) func eventsTellTheStateAndTheReport() async throws {
    let lab = try TestLab(isChainRunning: true)
    let gateway = try lab.writeLog(requests: Self.requests, isOver: false)
    defer { gateway.close() }
    try await TestPage.with(lab) { page in
      let events = try #require(try page.read("/api/v1/events?explain=1", until: "event: report"))
      #expect(events.contains("content-type: text/event-stream"))
      #expect(events.contains("event: state\ndata: {"))
      #expect(events.contains("gateway-w1"))
      let state = try #require(page.send("/api/v1/state")).text
      #expect(state.contains(#""run_id":"run-1""#))
      #expect(page.send("/api/v1/window", method: "POST", body: "")?.status == 200)
    }
  }

  private struct Window: Decodable {
    var window_from_ns: UInt64
  }

  /// To find who is to blame takes as long as all the rest: it is done for those who ask for it.
  @Test(.timeLimit(.minutes(1))) func onlyWhoAsksForTheExplanationIsToldIt() async throws {
    let lab = try TestLab(isChainRunning: true)
    let gateway = try lab.writeLog(requests: Self.requests, isOver: false)
    defer { gateway.close() }
    try await TestPage.with(lab) { page in
      let plain = try page.connect()
      try plain.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\n\r\n")
      #expect(try page.read("/api/v1/events?explain=1", until: "event: report") != nil)
      // What was told before this came before it.
      let window = try #require(page.send("/api/v1/window", method: "POST", body: "")).text
      let from = try JSONDecoder().decode(Window.self, from: Data(window.utf8)).window_from_ns
      let told = try #require(try plain.read(until: "\"window_from_ns\":\(from)"))
      #expect(from > 0 && told.contains("event: state"))
      #expect(!told.contains("event: report"))
    }
  }

  @Test(.timeLimit(.minutes(1))) func withoutAChainThereIsAReason() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      #expect(page.send("/api/v1/state")?.text.contains("no chain is running") == true)
      let events = try #require(try page.read("/api/v1/events", until: "no chain is running"))
      #expect(events.contains("event: state"))
    }
  }
}
