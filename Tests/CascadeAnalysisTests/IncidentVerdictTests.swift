import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// Between a quiet window and a bad one: what got slow, where, and how sure that is.
@Suite struct IncidentVerdictTests {
  /// Milliseconds that each part of a request takes; a front calls a cart and a currency service, one after the other.
  private struct Times {
    var front = 10.0
    var cartLink = 2.0
    var cart = 5.0
    var currencyLink = 2.0
    var currency = 5.0
    /// What requests wait before the currency service, up to twice as long as that.
    var queue = 0.0
    /// What its answers take longer on their way.
    var wayBack = 0.0
    /// Whether calls have spans of their own.
    var hasCalls = true
    /// Shares of requests in which the currency service fails, or is not there, or is not asked.
    var failing = 0.0
    var gone = 0.0
    var skipped = 0.0
    /// Share of requests in which the currency service handles an error, of which no status tells, and the front gives up.
    var handled = 0.0
    /// Share of requests that are of another kind, which takes a tenth.
    var cheap = 0.0
    /// Of a thousand requests, those that take five seconds longer in the cart, for no reason.
    var odd = 0
    var requests = 300
    /// What the front's calls are called.
    var calls = ["GET cart", "GET currency"]
  }

  private struct Log {
    var dice: IDGenerator
    var records: [Record] = []
    var strings = LogStrings()
    var trace = TraceID(high: 1, low: 1)

    init(_ seed: UInt64) { dice = IDGenerator(seed: seed) }

    /// Between 0.8 and 1.2 of it, in nanoseconds.
    mutating func time(_ milliseconds: Double) -> UInt64 {
      UInt64(milliseconds * 1e6 * (0.8 + Double(dice.next() % 1000) / 2500))
    }

    mutating func share(_ share: Double) -> Bool { Double(dice.next() % 10_000) / 10_000 < share }

    mutating func span(
      _ process: UInt16, _ kind: SpanKind, _ name: String, from start: UInt64, to end: UInt64, in parent: UInt64,
      error: String = ""
    ) -> UInt64 {
      let id = dice.next()
      records.append(
        Record(
          kind: .spanStart, time: start, trace: trace, span: id, other: parent, process: process,
          detail: kind.rawValue, name: strings.id(of: name), arg: 1))
      records.append(
        Record(kind: .spanEnd, time: end, trace: trace, span: id, process: process, name: strings.id(of: error)))
      return id
    }

    mutating func request(_ times: Times, at start: UInt64) {
      trace = dice.nextTrace()
      if share(times.cheap) {
        _ = span(0, .server, "GET /cheap", from: start, to: start + time(times.front / 10), in: 0)
        return
      }
      let isOdd = Int(dice.next() % 1000) < times.odd
      let (isGone, fails) = (share(times.gone), share(times.failing))
      let half = time(times.front) / 2
      let cartLink = time(times.cartLink) / 2
      let cart = time(times.cart) + (isOdd ? 5_000_000_000 : 0)
      let cartEnd = start + half + 2 * cartLink + cart
      let queue = UInt64(times.queue * 2e6 * Double(dice.next() % 1000) / 1000)
      let link = (time(isGone ? 1 : times.currencyLink) + queue) / 2
      let currency = isGone ? 0 : time(times.currency)
      let isAsked = !share(times.skipped)
      let wayBack = time(times.wayBack)
      let callEnd = cartEnd + (isAsked ? 2 * link + currency + wayBack : 0)
      let root = span(
        0, .server, "GET /all", from: start, to: callEnd + half, in: 0, error: isGone || fails ? "error" : "")
      let call = times.hasCalls ? span(0, .client, times.calls[0], from: start + half, to: cartEnd, in: root) : root
      _ = span(1, .server, "GET /cart", from: start + half + cartLink, to: cartEnd - cartLink, in: call)
      guard isAsked else { return }
      let other =
        times.hasCalls
        ? span(0, .client, times.calls[1], from: cartEnd, to: callEnd, in: root, error: isGone || fails ? "error" : "")
        : root
      guard !isGone else { return }
      let answer = span(
        2, .server, "GET /currency/17", from: cartEnd + link, to: callEnd - link - wayBack, in: other,
        error: fails ? "error" : "")
      let isHandled = share(times.handled)
      if isHandled {
        _ = span(2, .internal, "ErrorController.error", from: callEnd - link - 1, to: callEnd - link, in: answer)
      }
      if times.handled < 1, !isHandled {
        _ = span(0, .internal, "render", from: callEnd + half / 2, to: callEnd + half, in: root)
      }
    }
  }

  private func window(_ seed: UInt64, _ times: Times = Times()) -> LogSnapshot {
    var log = Log(seed)
    for number in 0..<times.requests { log.request(times, at: 1_000_000_000 + UInt64(number) * 50_000_000) }
    let processes = ["front", "cart", "currency"].enumerated().map { slot, name in
      LogProcess(
        slot: slot, name: name, place: ServicePlace(order: slot), identity: ProcessIdentity(pid: 0, startTicks: 1),
        fate: .stopped, attachedAt: 1,
        dropped: 0)
    }
    log.records.sort(by: Record.precedes)
    return LogSnapshot(
      runID: "\(seed)", wallOffset: seed * 100_000_000_000, takenAt: log.records.last?.time ?? 0, processes: processes,
      strings: log.strings, records: log.records)
  }

  private func verdict(_ times: Times, quiet: Int = 1, _ before: Times = Times()) -> IncidentVerdict {
    IncidentVerdict(quiet: (0..<quiet).map { window(UInt64($0 + 1), before) }, incident: [window(99, times)])
  }

  private func expectSum(_ verdict: IncidentVerdict) {
    let sum = verdict.parts.reduce(0) { $0 + $1.added }
    #expect(abs(sum - verdict.added) < 1e-3, "\(sum) of \(verdict.added)")
  }

  @Test(arguments: [1, 3]) func aSlowLinkIsNamedWithItsShare(_ quiet: Int) {
    let verdict = verdict(Times(currencyLink: 102), quiet: quiet)
    expectSum(verdict)
    #expect(verdict.causes.first?.text == "the link front → currency")
    #expect(verdict.causes.first?.share ?? 0 > 0.95)
    #expect(verdict.sentence.hasPrefix("the link front → currency added 9") || verdict.sentence.contains("added 100"))
    #expect(verdict.confidence == 1)
    #expect(abs(verdict.added / 1e6 - 100) < 5)
    #expect(verdict.text(width: 150).contains("WHERE A MEAN REQUEST'S TIME CHANGED"))
  }

  @Test func aSlowServiceIsNamedWithItsOperation() {
    let verdict = verdict(Times(cart: 55))
    expectSum(verdict)
    #expect(verdict.causes.first?.kind == .service)
    #expect(verdict.causes.first?.service == "cart")
    #expect(verdict.parts.first?.place.text == "cart GET /cart")
  }

  /// Requests that wait for a thread of a slow service spend more on the way to it than in it.
  @Test func theQueueBeforeASlowServiceIsItsOwn() {
    let verdict = verdict(Times(currency: 65, queue: 300))
    #expect(verdict.causes.first?.kind == .service)
    #expect(verdict.causes.first?.service == "currency")
    #expect(verdict.causes.first?.share ?? 0 > 0.95)
    #expect(verdict.causes.first?.evidence.contains { $0.contains("calls from front to currency waited") } == true)
  }

  /// Every call takes as much longer: no queue does that, though the callee takes a little longer too.
  @Test func aSlowLinkIsNoQueueBeforeACalleeThatTakesALittleLonger() {
    let verdict = verdict(Times(currencyLink: 62, currency: 9))
    #expect(verdict.causes.first?.text == "the link front → currency", "\(verdict.sentence)")
  }

  /// Of spans of servers alone, only what stands between them tells of a way; what takes longer all over is the service.
  @Test func theWayBackFromACalleeIsToldWithoutSpansOfCalls() {
    let quiet = Times(hasCalls: false)
    let way = verdict(Times(wayBack: 60, hasCalls: false), quiet: 2, quiet)
    #expect(way.causes.first?.text == "the link front → currency", "\(way.sentence)")
    #expect(way.confidence == 1)
    expectSum(way)
    let service = verdict(Times(front: 60, hasCalls: false), quiet: 2, quiet)
    #expect(service.causes.first?.text == "front", "\(service.sentence)")
    #expect(verdict(Times(currency: 60, hasCalls: false), quiet: 2, quiet).causes.first?.text == "currency")
  }

  @Test func waysThatAllLeadToOneServiceAreItsNetwork() {
    let verdict = verdict(Times(cartLink: 52, currencyLink: 52))
    #expect(verdict.causes.first?.text == "the network of front")
  }

  @Test(arguments: 1...8) func nothingIsNamedWhereNothingChanged(_ seed: Int) {
    let times = [Times(), Times(odd: 4), Times(requests: 60), Times(cheap: 0.3)][seed % 4]
    var after = times
    // Another rate of requests, and another mixture of them, are no fault.
    if seed % 4 == 3 { after.cheap = 0.5 }
    let quiet = (0..<(seed % 3 + 1)).map { window(UInt64(seed * 10 + $0), times) }
    let verdict = IncidentVerdict(quiet: quiet, incident: [window(UInt64(seed * 1000 + 7), after)])
    expectSum(verdict)
    #expect(verdict.isQuiet, "\(verdict.sentence)")
    #expect(verdict.sentence.hasPrefix("nothing stands out of the noise"))
    #expect(verdict.confidence == nil)
  }

  @Test func aFewSlowTracesElsewhereDoNotHideTheCause() {
    let verdict = verdict(Times(currencyLink: 42, odd: 4))
    #expect(verdict.causes.first?.text == "the link front → currency")
  }

  @Test func errorsBelongToWhereTheyBegin() {
    let verdict = verdict(Times(failing: 0.3))
    #expect(verdict.causes.first?.kind == .errors)
    #expect(verdict.causes.first?.service == "currency")
    #expect(verdict.sentence.contains("it begins at currency"))
    #expect(verdict.failed.incident > 0.2)
  }

  @Test func aServiceThatIsGoneIsNamedAndNotItsCaller() {
    let verdict = verdict(Times(gone: 0.6))
    #expect(verdict.causes.first?.service == "currency")
    #expect(verdict.causes.first?.evidence.contains { $0.contains("writes no spans") } == true)
  }

  /// A framework may call all calls the same.
  @Test func aServiceThatIsGoneIsNamedThoughItsCallsAreCalledAsOthersAre() {
    let calls = ["HTTP GET", "HTTP GET"]
    let verdict = verdict(Times(gone: 0.6, calls: calls), Times(calls: calls))
    #expect(verdict.causes.first?.service == "currency", "\(verdict.sentence)")
    #expect(verdict.causes.first?.evidence.contains { $0.contains("writes no spans") } == true)
  }

  @Test func workThatIsCutShortIsMissedWhereItWasCut() {
    let verdict = verdict(Times(skipped: 0.5))
    #expect(verdict.causes.first?.kind == .missing)
    #expect(verdict.causes.first?.service == "front")
  }

  /// An error handler's span, and work that its callers did not go on with, is all that tells of it.
  @Test func errorsWithoutAStatusAreNamedWhereTheirHandlerRuns() {
    let verdict = verdict(Times(handled: 0.4))
    #expect(verdict.causes.first?.service == "currency", "\(verdict.sentence)")
    #expect(verdict.causes.first?.evidence.contains { $0.contains("ErrorController.error") } == true)
    #expect(verdict.causes.contains { $0.kind == .missing && $0.service == "front" })
  }

  /// Which requests ask for more is not told by their first operation.
  @Test func anotherMixtureOfTheSameOperationIsNoFault() {
    let verdict = verdict(Times(currency: 50, skipped: 0.2), quiet: 2, Times(currency: 50, skipped: 0.7))
    #expect(verdict.isQuiet, "\(verdict.sentence)")
    expectSum(verdict)
    #expect(abs(verdict.mixture) > 10e6)
  }

  /// A hundredth of a long request, and four times as long as ever.
  @Test func aServiceThatTakesLongerUnnoticedIsNamed() {
    let verdict = verdict(Times(front: 400, cart: 1.5), quiet: 2, Times(front: 400, cart: 0.4))
    #expect(verdict.causes.first?.service == "cart", "\(verdict.sentence)")
    #expect(verdict.sentence.contains("times as long itself"), "\(verdict.sentence)")
    #expect(verdict.text(width: 200).contains("WHAT STANDS OUT"))
  }

  /// Eight of seventy fail, of none before.
  @Test func aFewErrorsOfFewRequestsAreSeen() {
    let verdict = verdict(Times(failing: 0.12, requests: 70), quiet: 3, Times(requests: 90))
    #expect(verdict.causes.first?.kind == .errors && verdict.causes.first?.service == "currency")
  }

  @Test func tooFewRequestsAreSaidToBeSo() {
    let verdict = verdict(Times(requests: 4), Times(requests: 4))
    #expect(verdict.isQuiet)
    #expect(verdict.sentence.hasPrefix("too few requests"))
  }

  @Test func aProcessorsUseAndLogsSpeakForACause() {
    var evidence = OutsideEvidence()
    let minute: UInt64 = 60_000_000_000
    for (window, use) in [(UInt64(1), 10.0), (99, 90)] {
      for service in ["front", "cart", "currency"] {
        let time = window * 100_000_000_000 + 2_000_000_000
        let value = service == "cart" ? use : 10
        evidence.processor.append(OutsideEvidence.Sample(service: service, time: time + minute / 60, value: value))
      }
    }
    let verdict = IncidentVerdict(quiet: [window(1)], incident: [window(99, Times(cart: 30))], evidence: evidence)
    #expect(verdict.causes.first?.service == "cart")
    #expect(verdict.causes.first?.evidence.contains { $0.contains("processor use rose from 10 to 90") } == true)
  }

  @Test func aLogOfSpansTellsOfItsRequests() throws {
    let report = try #require(RequestReport(window(1, Times(failing: 0.5))))
    #expect(report.requests == 300)
    #expect((100...200).contains(report.failed))
    #expect(report.services == ["cart", "currency", "front"])
    #expect(report.parts.reduce(0) { $0 + $1.errors } == report.failed)
    let text = report.text(width: 120)
    #expect(text.contains("threads and queues are not known"))
    #expect(text.contains("currency GET /currency/{}"))
  }
}
