import ChainModel
import ChainTestSupport
import Testing
import Topology
import TraceLog

extension OneService {
  /// W3C trace context as a client and a callee see it: what comes in at the gateway, and what goes on to user-service.
  @Suite struct TraceContextTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "b7ad6b7169203331"
    private static let valid = "00-\(trace)-\(parent)-01"

    /// What user-service gets when the gateway gets these headers.
    private struct Forwarded {
      let trace: String
      let parent: String
      let flags: String
      let states: [String]

      init(_ request: CannedCallee.Request) throws {
        let values = request.values("traceparent")
        let fields = try #require(values.first).split(separator: "-").map(String.init)
        try #require(values.count == 1 && fields.count == 4 && fields[0] == "00")
        (trace, parent, flags) = (fields[1], fields[2], fields[3])
        states = request.values("tracestate")
        let hex = Set("0123456789abcdef")
        try #require(trace.count == 32 && parent.count == 16 && trace.allSatisfy(hex.contains))
        try #require(parent.allSatisfy(hex.contains) && Set(trace).count > 1 && Set(parent).count > 1)
      }
    }

    private func forwarded(_ headers: [String], in model: IOModel) async throws -> Forwarded {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      return try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        #expect(try service.get(LoneService.call, headers).status == 200)
        return try Forwarded(try #require(callee.requests.first))
      }
    }

    private static let models: [IOModel] = [.blocking, .nonblocking]

    // MARK: traceparent

    /// Header lines that start a new trace. A tracestate that comes with them is dropped.
    private static let refused: [[String]] = [
      [],
      ["trace-parent: \(valid)"],
      ["trace.parent: \(valid)"],
      ["traceparent: \(valid)", "traceparent: \(valid)"],
      ["traceparent: \(valid)", "traceparent: 00-\(trace)-c7ad6b7169203331-01"],
      ["traceparent: 00-\(trace.uppercased())-\(parent)-01"],
      ["traceparent: 00-\(trace)-\(parent.uppercased())-01"],
      ["traceparent: 00-\(trace)-\(parent)-0A"],
      ["traceparent: 00-.\(trace.dropFirst())-\(parent)-01"],
      ["traceparent: 00-\(trace)-.\(parent.dropFirst())-01"],
      ["traceparent: 00-\(trace)-\(parent)-0."],
      ["traceparent: 00-\(trace.dropFirst())-\(parent)-01"],
      ["traceparent: 00-\(trace)0-\(parent)-01"],
      ["traceparent: 00-\(trace)-\(parent.dropFirst())-01"],
      ["traceparent: 00-\(trace)-\(parent)0-01"],
      ["traceparent: 00-\(trace)-\(parent)-1"],
      ["traceparent: 00-\(trace)-\(parent)-001"],
      ["traceparent: 00-\(trace)-\(parent)"],
      ["traceparent: 00-00000000000000000000000000000000-\(parent)-01"],
      ["traceparent: 00-\(trace)-0000000000000000-01"],
      ["traceparent: ff-\(trace)-\(parent)-01"],
      ["traceparent: ff-\(trace)-\(parent)-01-what-the-future-will-be-like"],
      ["traceparent: 0-\(trace)-\(parent)-01"],
      ["traceparent: 000-\(trace)-\(parent)-01"],
      ["traceparent: .0-\(trace)-\(parent)-01"],
      ["traceparent: FE-\(trace)-\(parent)-01"],
      ["traceparent: 00_\(trace)_\(parent)_01"],
      ["traceparent: \(valid)-"],
      ["traceparent: \(valid)-what-the-future-will-be-like"],
      ["traceparent: \(valid).what"],
      ["traceparent: 01-\(trace)-\(parent)-01x"],
      ["traceparent: cc-\(trace)-\(parent)-01.what-the-future-will-not-be-like"],
      ["traceparent: "],
    ]

    @Test(.timeLimit(.minutes(1)), arguments: refused, models)
    func anInvalidParentStartsANewTrace(headers: [String], model: IOModel) async throws {
      let sent = try await forwarded(headers + ["tracestate: vendor=1"], in: model)
      #expect(sent.trace != Self.trace)
      #expect(sent.parent != Self.parent)
      #expect(sent.states == [])
      // An id made here is random and is recorded, and says so.
      #expect(sent.flags == "03")
    }

    /// A header line, and the flags that go on with the same trace.
    private static let accepted: [(line: String, flags: String)] = [
      ("traceparent: \(valid)", "01"),
      ("TraceParent: \(valid)", "01"),
      ("TRACEPARENT: \(valid)", "01"),
      ("traceparent: \t \(valid) \t", "01"),
      ("traceparent: 00-\(trace)-\(parent)-00", "00"),
      ("traceparent: 00-\(trace)-\(parent)-02", "02"),
      ("traceparent: 00-\(trace)-\(parent)-03", "03"),
      ("traceparent: 00-\(trace)-\(parent)-09", "01"),
      ("traceparent: 00-\(trace)-\(parent)-fc", "00"),
      ("traceparent: 00-\(trace)-\(parent)-ff", "03"),
      ("traceparent: 01-\(trace)-\(parent)-01", "01"),
      ("traceparent: 01-\(trace)-\(parent)-00", "00"),
      ("traceparent: 01-\(trace)-\(parent)-03-", "01"),
      ("traceparent: fe-\(trace)-\(parent)-01", "01"),
      ("traceparent: cc-\(trace)-\(parent)-01", "01"),
      ("traceparent: cc-\(trace)-\(parent)-01-what-the-future-will-be-like", "01"),
      ("traceparent: fe-\(trace)-\(parent)-01-x", "01"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: accepted, models)
    func aValidParentIsJoined(case row: (line: String, flags: String), model: IOModel) async throws {
      let sent = try await forwarded([row.line, "tracestate: vendor=1"], in: model)
      #expect(sent.trace == Self.trace)
      #expect(sent.parent != Self.parent)
      #expect(sent.flags == row.flags)
      #expect(sent.states == ["vendor=1"])
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func everyCallHasAParentOfItsOwn(model: IOModel) async throws {
      let user = try CannedCallee(.answer(200, #"{"id":1,"username":"ada"}"#))
      let orders = try CannedCallee(.answer(200, "[]"))
      let payments = try CannedCallee(.answer(200, "[]"))
      let callees: [ServiceName: CannedCallee] = [
        .userService: user, .orderService: orders, .paymentService: payments,
      ]
      defer { for callee in callees.values { callee.shutDown() } }
      try await LoneService.run(callees: callees) {
        $0.model = model
      } body: { service in
        for _ in 1...2 {
          let answer = try service.get("/orchestrated/users/ada/payment-status", ["traceparent: \(Self.valid)"])
          #expect(answer.status == 200)
        }
        let sent = try [user, orders, payments].flatMap(\.requests).map(Forwarded.init)
        #expect(sent.count == 6)
        #expect(Set(sent.map(\.trace)) == [Self.trace])
        #expect(Set(sent.map(\.parent) + [Self.parent]).count == 7)
        // The log knows each of them as a client span of the request.
        let starts = try service.snapshot().records(.spanStart)
        #expect(Set(starts.map { SpanID(rawValue: $0.span).hex }) == Set(sent.map(\.parent)))
      }
    }

    // MARK: tracestate

    private static func members(_ count: Int, size: Int = 0) -> String {
      (1...count).map { "v\($0)=" + String(repeating: "x", count: max(1, size - "v\($0)=".count)) }
        .joined(separator: ",")
    }

    /// Values of tracestate headers, and what goes on of them.
    private static let states: [(headers: [String], sent: String)] = [
      (["vendor=1"], "vendor=1"),
      (["b=2,a=1,c=3"], "b=2,a=1,c=3"),
      (["b=2", "a=1,c=3", "d=4"], "b=2,a=1,c=3,d=4"),
      (["a=1,,b=2,", ",c=3"], "a=1,b=2,c=3"),
      ([" a=1 ,\tb=2\t"], "a=1,b=2"),
      (["a=with blanks within"], "a=with blanks within"),
      (["tenant@vendor=1,a_-*/9=2,0start=3"], "tenant@vendor=1,a_-*/9=2,0start=3"),
      ([members(32)], members(32)),
      ([members(33)], ""),
      ([members(20), members(13)], ""),
      (["a=1,a=2"], ""),
      (["a=1", "a=1"], ""),
      (["Upper=1"], ""),
      (["a"], ""),
      (["a="], ""),
      (["=1"], ""),
      (["a=1=2"], ""),
      (["a =1"], ""),
      (["a=1;b~2"], "a=1;b~2"),
      ([String(repeating: "k", count: 256) + "=1"], String(repeating: "k", count: 256) + "=1"),
      ([String(repeating: "k", count: 257) + "=1"], ""),
      (["a=" + String(repeating: "v", count: 256)], "a=" + String(repeating: "v", count: 256)),
      (["a=" + String(repeating: "v", count: 257)], ""),
      // 512 characters go on whole; of more, long members are dropped first, and always whole ones.
      ([members(4, size: 127) + ",last"], ""),
      ([members(4, size: 127)], members(4, size: 127)),
      ([members(32, size: 15)], members(32, size: 15)),
      (
        ["long=" + String(repeating: "x", count: 200) + "," + members(4, size: 100)],
        members(4, size: 100)
      ),
      ([members(8, size: 100)], members(5, size: 100)),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: states, models)
    func theStatePassesOrIsDroppedWhole(case row: (headers: [String], sent: String), model: IOModel) async throws {
      let sent = try await forwarded(
        ["traceparent: \(Self.valid)"] + row.headers.map { "tracestate: \($0)" }, in: model)
      #expect(sent.states == (row.sent.isEmpty ? [] : [row.sent]))
      // Whatever becomes of the state, the parent stands.
      #expect(sent.trace == Self.trace)
      #expect(sent.flags == "01")
    }

    @Test(.timeLimit(.minutes(1)), arguments: models)
    func anErrorNamesTheTrace(model: IOModel) async throws {
      let callee = try CannedCallee(.answer(503, ""))
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        let answer = try service.get(LoneService.call, ["traceparent: \(Self.valid)"])
        #expect(answer.problem?.traceID == Self.trace)
      }
    }
  }
}
