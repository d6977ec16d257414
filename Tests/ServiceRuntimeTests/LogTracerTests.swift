import CPlatform
import CascadeAnalysis
import ChainModel
import ChainTestSupport
import ServiceRuntime
import Testing
import Topology
import TraceLog
import Tracing

extension OneService {
  /// Spans that handlers open through swift-distributed-tracing land in the same log, under the right parent.
  @Suite struct LogTracerTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "traceparent: 00-\(trace)-b7ad6b7169203331-01"

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aSpanOfAHandlerIsInTheLog(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await OwnRoutesService.run(callees: [.userService: callee]) {
        $0.model = model
      } routes: { log in
        let tracer = LogTracer(log: log)
        return ["/fine", "/fails"].map { Route("GET", $0, SpanHandler(tracer: tracer, fails: $0 == "/fails")) }
      } body: { service in
        #expect(try service.get("/fine", [Self.parent]).status == 200)
        #expect(try service.get("/fails", [Self.parent]).status == 400)
        let log = try service.snapshot()
        let requests = log.records(.arrive)
        #expect(requests.count == 2)
        for (request, error) in zip(requests, ["", "bad_request"]) {
          let spans = log.records(.spanStart)
          let outer = try #require(spans.first { $0.other == request.span && log.name($0) == "price" })
          let inner = try #require(spans.first { $0.other == outer.span })
          #expect(log.name(inner) == "discount")
          #expect(outer.trace?.hex == Self.trace && inner.trace?.hex == Self.trace)
          #expect(outer.detail == TraceLog.SpanKind.internal.rawValue)
          #expect(inner.detail == TraceLog.SpanKind.producer.rawValue)
          let dequeue = try #require(log.records(.dequeue).first { $0.span == request.span })
          #expect(outer.thread == dequeue.thread && inner.thread == dequeue.thread)
          let ends = log.records(.spanEnd)
          let outerEnds = ends.filter { $0.span == outer.span }
          let innerEnds = ends.filter { $0.span == inner.span }
          #expect(outerEnds.map { log.name($0) } == [error] && innerEnds.map { log.name($0) } == [error])
          #expect(innerEnds[0].time <= outerEnds[0].time)
          let end = try #require((log.records(.end)).first { $0.span == request.span })
          #expect(outerEnds[0].time <= end.time)
        }
        let audit = LogAudit(log)
        #expect(audit.isClean, "\(audit.text)")
      }
    }

    /// What is not part of a request begins a trace of its own; the context goes in and out of carriers in W3C's form.
    @Test(.timeLimit(.minutes(1))) func contextTravelsInW3CHeaders() async throws {
      let folder = try LoneServiceFolder()
      try LogWriter.create(path: folder.logPath, sizeMiB: 16, runID: "test")
      let log = try LogWriter(path: folder.logPath, name: "test", ownThread: false)
      defer { log.close() }
      let tracer = LogTracer(log: log)
      var headers: [String: String] = [:]
      tracer.withSpan("alone", ofKind: .client) { span in
        tracer.inject(span.context, into: &headers, using: HeaderCarrier())
      }
      let fields = try #require(headers["traceparent"]).split(separator: "-").map(String.init)
      let alone = try #require(try LogReader(path: folder.logPath).snapshot().records(.spanStart).first)
      #expect(alone.other == 0)
      #expect(alone.trace?.hex == fields[1] && SpanID(rawValue: alone.span).hex == fields[2])

      headers["tracestate"] = "vendor=1"
      var context = ServiceContext.topLevel
      tracer.extract(headers, into: &context, using: HeaderCarrier())
      tracer.withSpan("joined", context: context, ofKind: .server) { span in
        var onward: [String: String] = [:]
        tracer.inject(span.context, into: &onward, using: HeaderCarrier())
        #expect(onward["tracestate"] == "vendor=1")
        #expect(onward["traceparent"]?.contains(fields[1]) == true && onward["traceparent"] != headers["traceparent"])
      }
      let records = try LogReader(path: folder.logPath).snapshot().records(.spanStart)
      #expect(records.last?.other == alone.span && records.last?.trace == alone.trace)
    }
  }
}

/// Opens a span around a call, and one within it, as business code would.
private struct SpanHandler: Handler {
  let tracer: LogTracer
  let fails: Bool

  private func result() throws(CallError) -> Answer {
    if fails { throw .badRequest("on purpose") }
    return .json([])
  }

  private static func typed(_ error: any Error) -> CallError { error as? CallError ?? .badRequest("\(error)") }

  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    do {
      return try tracer.withSpan("price", context: request.serviceContext) { _ in
        _ = try request.get(.userService, "/a")
        return try tracer.withSpan("discount", ofKind: .producer) { _ in try result() }
      }
    } catch { throw Self.typed(error) }
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    let price = tracer.startSpan("price", context: request.serviceContext, ofKind: .internal)
    request.get(.userService, "/a") { _ in
      let discount = tracer.startSpan("discount", context: price.context, ofKind: .producer)
      let result = Result { () throws(CallError) in try self.result() }
      if case .failure(let error) = result {
        for span in [discount, price] { span.recordError(error) }
      }
      discount.end()
      price.end()
      completion(result)
    }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    do {
      return try await tracer.withSpan("price", context: request.serviceContext) { _ in
        _ = try await request.get(.userService, "/a")
        return try tracer.withSpan("discount", ofKind: .producer) { _ in try result() }
      }
    } catch { throw Self.typed(error) }
  }
}

private struct HeaderCarrier: Injector, Extractor {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }

  func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}
