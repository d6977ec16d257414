import ChainModel
import ChainSimulator
import Testing
import Topology
import TraceExport
import TraceLog

/// What is estimated of a system from its trace, against the system that was simulated.
@Suite struct SystemEstimateTests {
  private static let system = """
    hop: 300us
    services:
      shop:
        threads: 64
        routes:
          GET /checkout: [cpu: 400us, call: cart/GET /items, call: stock/GET /stock, call: cart/GET /prices]
          GET /home: [cpu: 200us, call: stock/GET /stock]
      cart:
        threads: 12
        routes:
          GET /items: [remote: exponential:5ms, call: stock/GET /stock]
          GET /prices: [remote: 'lognormal:8ms,0.6']
      stock:
        io_model: nonblocking
        replicas: 2
        routes: {GET /stock: [store: 100us, remote: 20ms..30ms]}
      idle: {routes: {GET /: [remote: 1s]}}
    entries: {shop/GET /checkout: 3, shop/GET /home: 1}

    """

  private static let topology = try? Topology.parse(system, file: "f")

  private static func plan(_ topology: Topology, rate: Double = 80) -> SimulationPlan {
    SimulationPlan(
      SimulatedSystem(topology),
      SimulatedLoad(
        .open(rate: rate, .poisson), entries: topology.entries.map { SimulatedLoad.Entry($0) }, duration: .seconds(60)))
  }

  private enum Way: CaseIterable {
    case log
    case otlp
    case jaeger
    /// Without threads and queues, as other systems write traces.
    case zipkin
  }

  /// The log of a simulation as it is, or as another program would read it.
  private static func trace(_ plan: SimulationPlan, _ way: Way) throws -> (SimulationResult, LogSnapshot) {
    let (result, log) = try plan.record(runID: "simulated")
    var bytes: [UInt8] = []
    switch way {
    case .log: return (result, log)
    case .otlp:
      _ = try OTLPExport.write(log) { bytes += $0 }
      return (result, try TraceImport.read(bytes, runID: "imported").snapshot)
    case .jaeger:
      _ = try JaegerExport.write(log) { bytes += $0 }
      return (result, try TraceImport.read(bytes, runID: "imported").snapshot)
    case .zipkin:
      _ = try ZipkinExport.write(log) { bytes += $0 }
      return (result, try TraceImport.read(bytes, runID: "imported").snapshot)
    }
  }

  @Test(.timeLimit(.minutes(2)), arguments: Way.allCases)
  private func theEstimateIsTheSystemThatWasSimulated(_ way: Way) throws {
    let topology = try #require(Self.topology)
    let (result, log) = try Self.trace(Self.plan(topology), way)
    let known = SystemEstimate.Known(model: .blocking, threads: 32, queueLimit: 100, cpu: .zero)
    let estimate = SystemEstimate(log, known: known)
    let found = estimate.topology
    expectSameCalls(found, topology)
    // A trace does not tell the service that nobody asked.
    #expect(Set(found.services.map(\.name)) == ["shop", "cart", "stock"])
    #expect(isNear(found.hop.seconds, 300e-6, within: 0.01))
    let sent = try #require(estimate.rate)
    #expect(isNear(sent, 80, within: 0.05) && isNear(estimate.gapVariation ?? 0, 1, within: 0.1))
    for (name, rate) in [("shop/GET /checkout", 60.0), ("shop/GET /home", 20)] {
      let entry = try #require(found.entries.first { Self.name(found, $0) == name })
      #expect(isNear(entry.weight, rate, within: 0.08), "\(name): \(entry.weight)")
    }
    let times = [("GET /items", 5e-3), ("GET /prices", 8e-3 * 1.1972), ("GET /stock", 25.1e-3), ("GET /home", 0.2e-3)]
    for (route, mean) in times {
      let own = try #require(estimate.routes.first { $0.name == route }).ownTime
      #expect(isNear(own.mean, mean, within: 0.05), "\(route): \(own)")
    }
    for (name, threads) in [("shop", 64), ("cart", 12)] {
      let service = try #require(estimate.services.first { $0.name == name })
      let figures = try #require(result[name])
      #expect(service.mostInProgress <= threads && isNear(service.meanInProgress, figures.held, within: 0.05))
    }
    #expect(found.services.first { $0.name == "stock" }?.replicas == 2)
  }

  /// By name: which routes call which, in order.
  private func expectSameCalls(_ found: Topology, _ topology: Topology) {
    func calls(_ topology: Topology) -> Set<[String]> {
      Set(
        topology.services.filter { $0.name != "idle" }.flatMap { service in
          service.routes.map { route in
            ["\(service.name)/\(route.name)"]
              + route.steps.compactMap { step in
                guard case .call(let callee, let number) = step else { return nil }
                return "\(topology.services[callee].name)/\(topology.services[callee].routes[number].name)"
              }
          }
        })
    }
    #expect(calls(found) == calls(topology))
  }

  private static func name(_ topology: Topology, _ entry: Topology.Entry) -> String {
    "\(topology.services[entry.service].name)/\(topology.services[entry.service].routes[entry.route].name)"
  }

  /// The file that is written can be simulated, and does what the system did.
  @Test(.timeLimit(.minutes(1))) func theEstimateBehavesLikeTheSystem() throws {
    let topology = try #require(Self.topology)
    let (result, log) = try Self.trace(Self.plan(topology), .log)
    let known = SystemEstimate.Known(model: .blocking, threads: 64, queueLimit: 100, cpu: .zero)
    let estimate = SystemEstimate(log, known: known)
    let read = try Topology.parse(estimate.topology.yaml(estimate.notes(source: "a trace")), file: "f")
    #expect(read == estimate.topology)
    let again = try Self.plan(read).run()
    #expect(isNear(again.times.mean, result.times.mean, within: 0.03))
    #expect(isNear(again.times.percentile(0.99), result.times.percentile(0.99), within: 0.08))
  }

  @Test func whatTheTraceDoesNotTellIsAskedFor() throws {
    let topology = try #require(Self.topology)
    let (_, log) = try Self.trace(Self.plan(topology), .log)
    let estimate = SystemEstimate(log)
    #expect(estimate.findings.contains { $0.contains("does not tell io_model, threads, queue_limit, cpu") })
    let text = estimate.topology.yaml(estimate.notes(source: "a trace"))
    let error = try #require(throws: TopologyError.self) { try Topology.parse(text, file: "f") }
    for part in ["io_model", "threads", "queue_limit", "cpu"] {
      #expect(error.description.contains("\(part): found unknown"), "\(error)")
    }
    let settings = [("*.io_model", "blocking"), ("*.threads", "16"), ("*.queue_limit", "9"), ("*.cpu", "1ms")]
    #expect(throws: Never.self) {
      try Topology.parse(text, file: "f", settings: settings.map { Setting($0.0, $0.1) })
    }
  }

  // MARK: Traces of other systems

  /// A span as Jaeger has it: times in microseconds.
  private static func span(
    _ id: String, _ parent: String, _ process: String, _ name: String, _ kind: String, _ start: Int, _ duration: Int,
    trace: Int = 1, tags: String = ""
  ) -> String {
    let reference = parent.isEmpty ? "" : #"{"refType":"CHILD_OF","traceID":"\#(trace)","spanID":"\#(parent)"}"#
    return #"""
      {"traceID":"\#(trace)","spanID":"\#(id)","operationName":"\#(name)","references":[\#(reference)],
       "startTime":\#(1_700_000_000_000_000 + start),"duration":\#(duration),"processID":"\#(process)",
       "tags":[{"key":"span.kind","type":"string","value":"\#(kind)"}\#(tags)],"logs":[]}
      """#
  }

  private static func estimate(_ spans: [String], _ known: SystemEstimate.Known = .init()) throws -> SystemEstimate {
    let processes = ["a", "b", "c"].map { #""\#($0)":{"serviceName":"\#($0)","tags":[]}"# }.joined(separator: ",")
    let text = #"{"data":[{"traceID":"1","spans":[\#(spans.joined(separator: ","))],"processes":{\#(processes)}}]}"#
    return SystemEstimate(try TraceImport.read(Array(text.utf8), runID: "foreign").snapshot, known: known)
  }

  @Test func callsAtTheSameTimeAreSaid() throws {
    // b and c are called within a, 40 and 60 ms, of which 30 at the same time; a client span without a callee is own time.
    let estimate = try Self.estimate([
      Self.span("1", "", "a", "GET /", "server", 0, 100_000),
      Self.span("2", "1", "a", "inner work", "internal", 5_000, 90_000),
      Self.span("3", "2", "a", "GET b", "client", 10_000, 40_000),
      Self.span("4", "3", "b", "GET /b", "server", 11_000, 38_000),
      Self.span("5", "1", "a", "GET c", "client", 20_000, 60_000),
      Self.span("6", "5", "c", "GET /c", "server", 21_000, 58_000),
      Self.span("7", "1", "a", "SELECT", "client", 90_000, 5_000),
    ])
    let route = try #require(estimate.routes.first { $0.name == "GET /" })
    #expect(route.calls.map { estimate.routes[$0].name } == ["GET /b", "GET /c"])
    #expect(route.parallel == 1 && isNear(route.overlap, 0.030, within: 1e-6))
    #expect(isNear(route.ownTime.mean, 0.030, within: 1e-6), "\(route.ownTime)")
    #expect(estimate.hop == .milliseconds(1))
    #expect(route.besides == [false, true])
    let notes = try #require(estimate.notes(source: "x").routes[[0, 0]])
    #expect(notes.contains { $0.contains("save 30 ms") }, "\(notes)")
  }

  @Test func whatMostRequestsCallIsTaken() throws {
    var spans: [String] = []
    for trace in 1...10 {
      let start = trace * 1_000_000
      let failed = trace == 10 ? #",{"key":"error","type":"bool","value":true}"# : ""
      spans += [Self.span("\(trace)01", "", "a", "GET /", "server", start, 50_000, trace: trace, tags: failed)]
      guard trace != 10 else { continue }
      spans += [Self.span("\(trace)02", "\(trace)01", "b", "GET /b", "server", start + 10_000, 20_000, trace: trace)]
      guard trace > 7 else { continue }
      spans += [Self.span("\(trace)03", "\(trace)01", "c", "GET /c", "server", start + 35_000, 10_000, trace: trace)]
    }
    let estimate = try Self.estimate(spans, .init(cpu: .milliseconds(1)))
    let route = try #require(estimate.routes.first)
    #expect(route.calls.map { estimate.routes[$0].name } == ["GET /b"])
    #expect((route.typical, route.looked, route.failed) == (7, 9, 1))
    #expect(estimate.findings.contains { $0.hasPrefix("2 requests made calls that few") }, "\(estimate.findings)")
    let rate = try #require(estimate.rate)
    #expect(isNear(rate, 1, within: 1e-6) && estimate.gapVariation ?? 1 < 0.001)
    #expect(estimate.topology.services[0].routes[0].steps.first == .cpu(.latency(.fixed(.milliseconds(1)))))
  }

  /// Four in ten ask c as well: a route of its own, of which as many come.
  @Test func requestsThatMakeOtherCallsAreAMix() throws {
    var spans: [String] = []
    for trace in 1...20 {
      let (start, asksBoth) = (trace * 1_000_000, trace % 5 < 2)
      let length = asksBoth ? 100_000 : 40_000
      spans += [
        Self.span("\(trace)01", "", "a", "GET /", "server", start, length, trace: trace),
        Self.span("\(trace)02", "\(trace)01", "b", "GET /b", "server", start + 10_000, 20_000, trace: trace),
      ]
      guard asksBoth else { continue }
      spans += [Self.span("\(trace)03", "\(trace)01", "c", "GET /c", "server", start + 35_000, 50_000, trace: trace)]
    }
    let estimate = try Self.estimate(spans, .init(model: .async, threads: 4, queueLimit: 1, cpu: .zero))
    #expect(estimate.routes.map(\.name) == ["GET /", "GET / (variant 2)", "GET /b", "GET /c"])
    #expect(estimate.routes.prefix(2).map { $0.calls.count } == [1, 2])
    #expect(estimate.entries.map(\.requests).sorted() == [8, 12])
    let check = try #require(EstimateCheck(estimate))
    #expect(isNear(check.recordedMean, 0.064, within: 1e-6))
    #expect(check.isNear, "\(check.lines)")
    #expect(throws: Never.self) { try Topology.parse(estimate.topology.yaml(estimate.notes(source: "x")), file: "f") }
  }

  /// Two callees, of which one waits 98.9 ms in a queue that its span does not show; with kinds and without.
  @Test(arguments: [true, false]) func aQueueThatTheCalleeDoesNotShowStandsBeforeIt(_ hasKinds: Bool) throws {
    var spans: [String] = []
    for trace in 1...40 {
      let start = trace * 500_000
      spans.append(Self.span("\(trace)01", "", "a", "GET /", "server", start, 126_000, trace: trace))
      for (id, process, from, length, wait, own) in [
        (2, "b", 1_000, 8_000, 100, 7_800), (4, "b", 9_000, 8_000, 100, 7_800),
        (6, "c", 25_000, 100_000, 98_900, 1_000),
      ] {
        spans.append(
          Self.span("\(trace)0\(id)", "\(trace)01", "a", "call", "client", start + from, length, trace: trace))
        spans.append(
          Self.span(
            "\(trace)0\(id + 1)", "\(trace)0\(id)", process, "GET /", "server", start + from + wait, own, trace: trace))
      }
    }
    let kind = #/\{"key":"span.kind","type":"string","value":"\w+"\}/#
    let estimate = try Self.estimate(hasKinds ? spans : spans.map { $0.replacing(kind, with: "") })
    let front = try #require(estimate.routes.first)
    #expect(isNear(front.ownTime.mean, 0.010, within: 1e-6), "\(front.ownTime)")
    #expect(front.transit.map { ($0.mean * 1e4).rounded() } == [0, 0, 988])
    let check = try #require(EstimateCheck(estimate))
    #expect(isNear(check.predictedMean, 0.126, within: 0.01), "\(check.lines)")
  }

  /// A kind of request in ten has a long tail, two callees are asked at the same time, and the link to one of them is slow.
  @Test(.timeLimit(.minutes(1))) func aMixWithTailsAndCallsAtOnceBehavesLikeTheSystem() throws {
    let text = """
      hop: 2ms
      services:
        shop:
          threads: 200
          routes:
            GET /buy: [remote: 'p50:5ms,p90:20ms,p99:300ms', all: [call: cart/GET /, call: stock/GET /], call: pay/GET /]
            GET /look: [remote: 'lognormal:3ms,0.5', call: stock/GET /]
        cart: {threads: 100, routes: {GET /: [remote: exponential:20ms]}}
        stock: {threads: 100, routes: {GET /: [remote: 'lognormal:15ms,0.8']}}
        pay: {threads: 100, routes: {GET /: [remote: 40ms..60ms]}}
      entries: {shop/GET /buy: 1, shop/GET /look: 9}

      """
    let plan = Self.plan(try Topology.parse(text, file: "f"), rate: 60)
    let (_, log) = try Self.trace(plan, .zipkin)
    let estimate = SystemEstimate(log)
    let check = try #require(EstimateCheck(estimate))
    #expect(isNear(check.predictedMean, check.recordedMean, within: 0.05), "\(check.lines)")
    #expect(isNear(check.predictedP99, check.recordedP99, within: 0.15), "\(check.lines)")
    #expect(estimate.topology.yaml(estimate.notes(source: "x")).contains("- all:"))
    #expect(isNear(estimate.topology.hop.seconds, 2e-3, within: 0.02))
  }

  @Test func requestsForManyThingsAreOfOneRoute() throws {
    let spans = (1...20).map {
      Self.span("1", "", "a", "GET /users/\($0 * 77)/orders?page=\($0)", "server", $0 * 1000, 500, trace: $0)
    }
    let estimate = try Self.estimate(spans, .init(model: .async, threads: 4, queueLimit: 1, cpu: .zero))
    #expect(estimate.routes.map(\.name) == ["GET /users/{}/orders"])
    #expect(throws: Never.self) { try Topology.parse(estimate.topology.yaml(estimate.notes(source: "x")), file: "f") }
  }

  @Test func circlesAndStrangeNamesDoNotMakeAFileThatIsRefused() throws {
    let estimate = try Self.estimate(
      [
        Self.span("1", "", "a", " GET\\u0007/x ", "server", 0, 100_000),
        Self.span("2", "1", "b", "GET /b", "server", 10_000, 50_000),
        Self.span("3", "2", "a", " GET\\u0007/x ", "server", 20_000, 10_000),
        Self.span("4", "9", "c", "late", "server", 30_000, 1_000),
      ], .init(model: .async, threads: 4, queueLimit: 1, cpu: .zero))
    #expect(estimate.orphans == 1 && estimate.routes.reduce(0) { $0 + $1.circular } == 1)
    let text = estimate.topology.yaml(estimate.notes(source: "x\ny"))
    #expect(throws: Never.self) { try Topology.parse(text, file: "f") }
    #expect(text.contains("GET-/x") && text.contains("1 calls that lead back to it"), "\(text)")
  }

  // MARK: Times

  @Test(arguments: [
    "5ms", "exponential:5ms", "10ms..30ms", "lognormal:8ms,0.6", "p50:1ms,p90:100ms,p99:110ms",
  ])
  func timesAreFittedByTheFormThatTheyHave(_ text: String) throws {
    let topology = try Topology.parse(
      "services: {a: {threads: 4096, routes: {GET /: [remote: '\(text)']}}}\nentries: {a/GET /: 1}\n", file: "f")
    let (_, log) = try Self.trace(Self.plan(topology, rate: 100), .log)
    let fit = try #require(SystemEstimate(log).routes.first).ownTime
    let form = { (text: String) in text.prefix { $0 != ":" && !$0.isNumber } }
    #expect(form(fit.time.text) == form(text), "\(fit)")
    let mean = Self.mean(topology.services[0].routes[0].steps[0])
    #expect(isNear(fit.mean, mean, within: 0.06) && fit.p50 <= fit.p90 && fit.p90 <= fit.p99, "\(fit), mean \(mean)")
  }

  private static func mean(_ step: Step) -> Double {
    guard case .remote(let time) = step else { return 0 }
    switch time {
    case .exponential(let mean): return mean.seconds
    case .latency(let latency): return ServiceTime.latency(latency).mean
    }
  }

  @Test func nothingIsNothing() {
    #expect(TimeFit([]).time == .latency(.zero) && TimeFit([0, 0]).time == .latency(.zero))
    #expect(TimeFit([0.25]).time == .latency(.fixed(.milliseconds(250))))
  }
}
