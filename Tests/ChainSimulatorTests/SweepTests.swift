import ChainModel
import ChainSimulator
import Testing
import Topology

/// One thing varied, and what is said of it.
@Suite struct SweepTests {
  private static func sweep(
    _ text: String, _ arrival: SimulatedLoad.Arrival, _ changes: [(String, String)] = [], steps: Int = 64
  ) throws -> Sweep {
    let axis = try SweepAxis.parse(text, steps: steps)
    let points = try axis.values.map { value in
      let changed = try axis.applied(value, to: try Chains.topology(changes), arrival)
      let load = SimulatedLoad(changed.arrival, warmUp: .seconds(5), duration: .seconds(30))
      let plan = SimulationPlan(SimulatedSystem(changed.topology, cores: 2), load)
      return SweepPoint(value, plan, try plan.run())
    }
    return Sweep(axis, points)
  }

  // MARK: Values

  @Test(arguments: [
    ("order-service.threads=1..4", 64, ["1", "2", "3", "4"]), ("closed=1..128", 3, ["1", "65", "128"]),
    ("rate=10..200", 2, ["10", "200"]), ("payment-service.latency=10ms..1s", 3, ["10ms", "100ms", "1s"]),
    ("payment-service.latency=0ms..100ms", 3, ["0ns", "50ms", "100ms"]),
    ("gateway.io_model", 64, ["blocking", "async", "nonblocking", "nonblocking-async"]),
    ("gateway.queue_limit=0,64,8", 64, ["0", "64", "8"]), ("rate=0.5,1.5", 2, ["0.5", "1.5"]),
  ])
  func anAxisHasItsValues(_ text: String, _ steps: Int, _ values: [String]) throws {
    #expect(try SweepAxis.parse(text, steps: steps).values == values)
  }

  @Test(arguments: [
    ("", "rate=10..200"), ("threads=1..4", "SERVICE.key"), ("gateway.threads", "SERVICE.key"),
    ("gateway.threads=4", "LOW..HIGH"), ("gateway.threads=4..1", "LOW below HIGH"),
    ("gateway.threads=4..4", "LOW below"),
    ("gateway.threads=1..x", "whole numbers"), ("gateway.threads=..", "LOW..HIGH"),
    ("gateway.threads=1,,2", "LOW..HIGH"),
    ("payment-service.latency=1s..10ms", "durations"), ("rate=0..10", "0.001 to"), ("rate=-5..10", "LOW below"),
    ("closed=0..10", "1 to 500000"), ("rate=1,fast", "0.001 to"),
  ])
  func whatIsNoSweepIsRefused(_ text: String, _ mentions: String) throws {
    let error = try #require(throws: SettingError.self) { try SweepAxis.parse(text, steps: 8) }
    #expect(error.description.contains(mentions), "\(error)")
  }

  @Test func aSettingThatDoesNotExistIsRefusedWhenItIsSet() throws {
    let axis = try SweepAxis.parse("gateway.threds=1..4", steps: 4)
    let error = try #require(throws: TopologyError.self) {
      try axis.applied("1", to: try Chains.topology(), .open(rate: 1, .fixed))
    }
    #expect(error.description.hasPrefix("--sweep") && error.description.contains("threads"), "\(error)")
  }

  @Test func anyRangeHasAtMostSoManyValuesWithBothEnds() throws {
    for steps in [2, 3, 7, 64, 1000] {
      for text in ["closed=1..500000", "gateway.threads=3..66", "payment-service.latency=1ms..20s"] {
        let values = try SweepAxis.parse(text, steps: steps).values
        let ends = text.split(separator: "=")[1].split(separator: "..", maxSplits: 1)
        #expect(values.count <= steps && values.count >= 2)
        #expect(values.first == String(ends[0]) && values.last == String(ends[1]), "\(text)")
        #expect(Set(values).count == values.count)
      }
    }
  }

  // MARK: Knees

  /// 40 a second of 100 ms hold 4 threads, and a little for the processor's part.
  @Test func goodputStopsGrowingWhereLittlesLawSays() throws {
    let sweep = try Self.sweep(
      "payment-service.threads=1..8", .open(rate: 40, .fixed), [("payment-service.latency", "100ms")])
    let knee = try #require(sweep.knee)
    #expect(["4", "5"].contains(knee.value) && knee.kind == .stopsGrowing)
    #expect(
      sweep.points[0].binding == .threads("payment-service") && sweep.points[0].saturatedFirst == "payment-service")
    #expect(isNear(sweep.points[1].figures.goodput, 20, within: 0.03))
    #expect(sweep.kneeText.contains("threads of payment-service"), "\(sweep.kneeText)")
  }

  /// 8 threads of 100 ms serve 80 a second, whatever is sent.
  @Test func aLoadHasItsKneeAtTheCapacity() throws {
    let sweep = try Self.sweep(
      "rate=20,40,60,80,100,120,140", .open(rate: 1, .fixed),
      [("payment-service.threads", "8"), ("payment-service.latency", "100ms")])
    let knee = try #require(sweep.knee)
    #expect(knee.value == "80" && knee.binding == .threads("payment-service") && knee.place != .before)
  }

  @Test func goodputThatFallsHasItsKneeBeforeTheFall() throws {
    let sweep = try Self.sweep(
      "payment-service.latency=10ms,100ms,200ms,400ms", .open(rate: 60, .fixed))
    let knee = try #require(sweep.knee)
    #expect(knee.kind == .beginsToFall && knee.value == "200ms")
    #expect(knee.place == .after && knee.binding == .threads("payment-service"))
  }

  @Test func whatChangesNothingHasNoKnee() throws {
    let load = SimulatedLoad.Arrival.open(rate: 20, .fixed)
    #expect(try Self.sweep("gateway.threads=16..20", load).knee == nil)
    let models = try Self.sweep("gateway.io_model", load)
    #expect(models.knee == nil && models.points.count == 4)
    #expect(models.points[0].services[0].threads == 16 && models.points[2].services[0].threads == 0)
    #expect(models.kneeText.contains("no order"))
  }

  /// A little above capacity, nearly all is still served, and the queue grows all the while.
  @Test func aTailThatTreblesAllAtOnceHasItsKneeBeforeThat() throws {
    let sweep = try Self.sweep(
      "rate=79,80.9", .open(rate: 1, .fixed), [("payment-service.threads", "8"), ("payment-service.latency", "100ms")])
    let knee = try #require(sweep.knee)
    #expect(knee.kind == .getsSlow && knee.value == "79", "\(sweep.kneeText)")
  }

  @Test func aCliffIsSeenWhereLaterValuesAreBetterAgain() throws {
    let sweep = try Self.sweep(
      "payment-service.latency=100ms,2s,10ms", .open(rate: 60, .fixed))
    // Values without an order have no knee; these are the same in one.
    #expect(sweep.knee == nil)
    let ordered = try SweepAxis.parse("payment-service.latency=1ms..3ms", steps: 3)
    let knee = try #require(Sweep(ordered, sweep.points).knee)
    #expect(knee.kind == .beginsToFall && knee.index == 0)
  }

  /// Beyond its capacity a system serves now a little more, now a little less.
  @Test func figuresThatWaverDoNotMoveTheKnee() throws {
    let point = try Self.sweep("rate=20,40", .open(rate: 1, .fixed)).points[0]
    let goodput = [20, 73, 231, 328, 331, 325, 334, 324.0]
    let points = goodput.enumerated().map { place, value in
      var point = point
      (point.value, point.figures.goodput) = ("\(place + 1)", value)
      return point
    }
    let knee = try #require(Sweep(try SweepAxis.parse("rate=1..8", steps: 8), points).knee)
    #expect(knee.kind == .stopsGrowing && knee.index == 3, "\(knee)")
  }

  /// One request in ten takes 110 ms, the others 10.
  @Test func figuresAreOfAllKindsOfRequests() throws {
    let text = """
      services: {a: {routes: {GET /: [remote: 10ms], GET /long: [remote: 110ms]}}}
      entries: {a/GET /: 9, a/GET /long: 1}

      """
    let topology = try Topology.parse(text, file: "f")
    let load = SimulatedLoad(
      .open(rate: 50, .fixed), entries: topology.entries.map { SimulatedLoad.Entry($0) }, duration: .seconds(60))
    let plan = SimulationPlan(SimulatedSystem(topology), load)
    let result = try plan.run()
    for mean in [
      SweepPoint("1", plan, result).figures.mean.map { $0 * 1000 }, PredictionCheck.entry(result)["mean"],
    ] {
      #expect(isNear(mean ?? 0, 20, within: 0.1), "\(String(describing: mean))")
    }
    #expect(isNear(ServedFigures(result).p99 ?? 0, 0.11, within: 0.02))
  }

  @Test func goodputThatStillGrowsHasNoKnee() throws {
    let sweep = try Self.sweep(
      "closed=1..4", .closed(clients: 1, think: .zero), [("payment-service.latency", "50ms")])
    #expect(sweep.knee == nil)
    #expect(sweep.points[0].binding == .waiting)
  }
}
