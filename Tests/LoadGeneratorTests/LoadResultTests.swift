import ChainModel
import ChainTestSupport
import FoundationEssentials
import LoadGenerator
import Testing

@Suite struct LoadResultTests {
  @Test(.timeLimit(.minutes(1)))
  func theJSONHasItsDocumentedKeysAndReadsBack() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      let result = try await run(plan(server, .open(rate: 100, spacing: .fixed), for: .seconds(1)))
      let json = WireJSON.encode(result)
      #expect(WireJSON.decode(LoadResult.self, from: json) == result)
      #expect(
        try keys(json) == [
          "cancelled", "connections", "elapsed_ms", "measured", "measured_ms", "plan", "rates", "response_time",
          "sent_late", "started_at_unix_ms", "warm_up",
        ])
      #expect(
        try keys(json, "rates") == ["answered_per_s", "ended_per_s", "goodput_per_s", "offered_per_s", "started_per_s"])
      #expect(
        try keys(json, "measured") == ["by_error", "by_status", "due", "not_sent", "started", "unfinished"])
      #expect(try keys(json, "response_time") == ["all", "good"])
      #expect(try keys(json, "response_time", "all") == ["corrected", "uncorrected"])
      #expect(
        try keys(json, "response_time", "all", "corrected") == [
          "count", "max_ms", "mean_ms", "min_ms", "p50_ms", "p90_ms", "p95_ms", "p99_9_ms", "p99_ms",
        ])
      #expect(
        try keys(json, "plan") == [
          "duration_ms", "host", "loops", "max_in_flight", "new_connections", "paths", "port", "rate_per_s", "seed",
          "spacing", "timeout_ms", "usernames", "warm_up_ms",
        ])
    }
  }

  private func keys(_ json: [UInt8], _ path: String...) throws -> [String] {
    var value = try JSONDecoder().decode(JSONValue.self, from: Data(json))
    for key in path { value = try #require(value.members[key]) }
    return value.members.keys.sorted()
  }

  @Test(.timeLimit(.minutes(1)))
  func theSummaryOfAnOpenLoopSaysWhatWasAskedForAndWhatCame() async throws {
    try await TinyServer.with(.neverAnswer) { server in
      var plan = plan(server, .open(rate: 100, spacing: .poisson), timeout: .milliseconds(300))
      plan.maxInFlight = 5
      let result = try await run(plan)
      let text = result.summary()
      #expect(text.contains("open loop, 100 requests/s (poisson, seed 1)"))
      #expect(text.contains("127.0.0.1:\(server.port)/ping"))
      #expect(
        text.contains(
          "(\(FigureText.count(result.measured.due)) due, \(result.measured.notSent) of them not sent)"
        ))
      #expect(text.contains("timeout: \(result.measured.started)"))
      #expect(text.contains("\nsent late   p50 "))
      #expect(text.contains("all, since due"))
      #expect(text.contains("p99.9"))
      #expect(!text.contains("good, since due"))
      #expect(!text.contains("closed loop"))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func theSummaryOfAClosedLoopSaysWhatItHides() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      let result = try await run(plan(server, .closed(clients: 2)))
      let text = result.summary()
      #expect(text.contains("closed loop, 2 clients"))
      #expect(text.contains("outcomes    200: \(FigureText.count(result.measured.started))\n"))
      #expect(text.contains("hides stalls"))
      #expect(!text.contains("since due"))
      #expect(!text.contains("asked") && !text.contains("sent late"))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func progressIsReportedEverySecond() async throws {
    try await TinyServer.with(.answer(status: 500)) { server in
      var plan = plan(server, .open(rate: 100, spacing: .fixed), for: .milliseconds(1500))
      plan.warmUp = .seconds(1)
      var lines: [LoadProgress] = []
      let result = try await LoadGenerator.run(plan, log: nil) { lines.append($0) }
      #expect(lines.count == 2)
      let (first, last) = (try #require(lines.first), try #require(lines.last))
      #expect(!last.isWarmUp && last.elapsed > first.elapsed)
      #expect(last.errors > first.errors && last.errors <= result.measured.started + result.warmUp.started)
      #expect((50...150).contains(last.rate))
      #expect(last.text.hasPrefix("2 s  in flight \(last.inFlight)  "))
      #expect(last.text.hasSuffix("/s  errors \(last.errors)"))
    }
  }
}

/// Any JSON value, as far as its members are of interest.
private struct JSONValue: Decodable {
  var members: [String: JSONValue] = [:]

  init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: Key.self) else { return }
    for key in container.allKeys { members[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
