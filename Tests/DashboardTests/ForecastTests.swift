import ChainModel
import ChainTestSupport
import Dashboard
import Testing

/// What the page says will happen: it follows from settings, and from nothing that is written down.
@Suite struct ForecastTests {
  private func limit(threads: Int = 4, replicas: Int = 1, capacity: Double) -> String {
    Forecast(
      front: .gateway,
      services: [Forecast.Service(.paymentService, model: .blocking, threads: threads, replicas: replicas)],
      capacity: capacity, bottleneck: .threads(.paymentService), unloaded: .seconds(1)
    ).limitText
  }

  @Test func theLimitNamesTheThreadsAndReplicasInForce() {
    #expect(limit(capacity: 4).contains("one of payment's 4 threads busy for 1 s"))
    #expect(limit(capacity: 4).contains("at most 4/s"))
    #expect(limit(threads: 16, capacity: 16).contains("payment's 16 threads busy for 1 s"))
    #expect(limit(replicas: 2, capacity: 8).contains("payment's 8 threads in 2 replicas busy for 1 s"))
    #expect(limit(threads: 1, capacity: 1).contains("payment's 1 thread busy"))
  }

  @Test func whereNoThreadWaitsNoneSetsALimit() {
    let free = Forecast(
      front: .gateway, services: [], capacity: .infinity, bottleneck: nil, unloaded: .milliseconds(1005))
    #expect(free.limitText.contains("Neither threads nor processors set a limit"))
    let loops = Forecast(
      front: .gateway, services: [Forecast.Service(.orderService, model: .nonblocking, threads: 8, loops: 2)],
      capacity: 4,
      bottleneck: .loops(.orderService), unloaded: .milliseconds(505))
    #expect(loops.limitText.contains("blocks one of order's 2 event loops for 500 ms, so order serves at most 4/s"))
  }

  private func text(_ change: (inout Forecast.Load) -> Void) -> String {
    var load = Forecast.Load(.rate(10), length: .seconds(30), answered: 3.98)
    change(&load)
    return Forecast(front: .gateway, services: [], capacity: 4, bottleneck: nil, unloaded: .seconds(1), load: load)
      .loadText ?? ""
  }

  @Test func whatIsSaturatedIsToldInItsOrder() {
    let text = text { load in
      load.refused = 2
      load.saturated = [
        Forecast.Saturated("payment-service", after: .milliseconds(400)),
        Forecast.Saturated("order-service-2", after: .milliseconds(900)),
        Forecast.Saturated("gateway", after: .milliseconds(1700)),
      ]
      load.refusesAfter = .seconds(13)
    }
    #expect(text.contains("of 10/s, 3.98/s get good answers, 2/s are refused"), "\(text)")
    #expect(
      text.contains("payment-service is saturated after 400 ms → order-service-2 +500 ms → gateway +1.3 s."), "\(text)")
    #expect(text.contains("/ping waits behind them at gateway, and is refused when the queue is full"), "\(text)")
    #expect(text.contains("first after 13 s."), "\(text)")
  }

  @Test func whereNothingIsSaturatedAllIsAnswered() {
    let text = text { $0.median = .milliseconds(1010) }
    #expect(text.contains("all of the 10/s are answered, half of them within 1.01 s"), "\(text)")
    #expect(text.contains("No pool is saturated. /ping at gateway waits for nothing."), "\(text)")
  }

  private struct Steps: Decodable {
    struct Step: Decodable {
      struct Forecast: Decodable {
        var limit: String
      }

      var name: String
      var about: String
      var commands: [[String]]
      var forecast: Forecast?
    }

    var reset: [[String]]
    var steps: [Step]
  }

  @Test(.timeLimit(.minutes(3))) func eachStepIsForetoldBeforeItIsShown() async throws {
    let lab = try TestLab()
    try await TestPage.with(lab) { page in
      let steps = try #require(page.json("/api/v1/steps", as: Steps.self))
      #expect(steps.steps.count == 7)
      #expect(steps.steps.allSatisfy { $0.forecast?.limit.contains("payment's 7 threads") == true })
      // Every number in it follows from services.yaml: here payment has 4 threads, and a queue of 1,000.
      let larger = try #require(steps.steps.first { $0.name == "A larger pool" })
      #expect(larger.commands.contains(["pool", "payment-service", "threads=16"]))
      #expect(larger.about.contains("16 threads"))
      #expect(steps.reset.contains(["pool", "payment-service", "threads=4", "queue=1000"]))
      #expect(steps.reset.contains(["mode", "gateway", "blocking"]))
      for command in Set(steps.steps.flatMap(\.commands)) where command[0] != "load" {
        #expect(page.post(command)?.status == 200, "\(command)")
      }
    }
    #expect(lab.asked.count == 7)
    #expect(lab.asked.allSatisfy { $0.base == .configured && $0.commands.last?.first == "load" })
  }

  @Test(.timeLimit(.minutes(1))) func aForecastTakesCommandsOfThisPageAlone() async throws {
    let lab = try TestLab()
    let json = ["content-type: application/json"]
    let body = #"{"commands":[["pool","payment-service","threads=16"]]}"#
    try await TestPage.with(lab) { page in
      func ask(_ body: String, _ headers: [String] = json) -> Int? {
        page.send("/api/v1/forecast", method: "POST", headers: headers, body: body)?.status
      }
      #expect(ask(body) == 200)
      #expect(ask(body, ["content-type: text/plain"]) == 415)
      #expect(ask(body, json + ["Origin: http://evil.example"]) == 403)
      #expect(ask(body, json + ["Host: evil.example"]) == 403)
      for wrong in ["", "{}", #"{"commands":[["down"]]}"#, #"{"commands":[["export","sqlite"]]}"#, #"{"commands":7}"#] {
        #expect(ask(wrong) == 400, "\(wrong)")
      }
    }
    #expect(lab.asked == [ForecastQuery(from: .now, [["pool", "payment-service", "threads=16"]])])
    #expect(lab.performed.isEmpty)
  }
}
