import ChainModel
import ChainTestSupport
import Testing
import Topology

extension OneService {
  /// Clients that send many requests on one connection without waiting for answers.
  @Suite struct PipeliningTests {
    /// Requests pile up behind one that takes its time; once that is answered, each of the others is answered within the
    /// answer of the one before, if nothing ends that: refusals in every model, and where nobody waits also pings.
    @Test(
      .timeLimit(.minutes(1)), arguments: IOModel.allCases, [(path: "/x", status: 404), (path: "/ping", status: 200)])
    func whatPilesUpIsAnsweredOneAfterAnother(model: IOModel, request: (path: String, status: Int)) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        let client = try service.client()
        let count = 5000
        let pile = String(repeating: "GET \(request.path) HTTP/1.1\r\nHost: localhost\r\n\r\n", count: count)
        // The first round makes the service read in large pieces.
        for isHeld in [false, true] {
          callee.reply(isHeld ? .never : .ok)
          try client.send("GET \(LoneService.call) HTTP/1.1\r\nHost: localhost\r\n\r\n\(pile)")
          if isHeld {
            #expect(await eventually { callee.held == 1 })
            #expect(!client.hasInput(within: .milliseconds(100)))
            callee.release()
          }
          #expect(try client.answer().status == 200)
          for _ in 0..<count { try #require(try client.answer().status == request.status) }
        }
        #expect(try await service.servesAsBefore())
      }
    }

    /// Answers that nobody takes are not heaped up: the next request has to wait until somebody does.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [false, true])
    func whoTakesNoAnswersGetsNoMore(model: IOModel, comesBack: Bool) async throws {
      let large = #"{"x":"\#(String(repeating: "y", count: 2 << 20))"}"#
      let callee = try CannedCallee(.answer(200, large))
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.idleTimeout = comesBack ? .seconds(60) : .seconds(1)
      } body: { service in
        let client = try service.client()
        let count = 60
        try client.send(String(repeating: "GET \(LoneService.call) HTTP/1.1\r\nHost: localhost\r\n\r\n", count: count))
        // Some fit into the sockets between the two; then nothing happens any more.
        #expect(try await eventually { try !callee.requests.isEmpty && service.status().inFlight == 0 })
        #expect(try await service.servesAsBefore())
        #expect(callee.requests.count < count / 2)
        if comesBack {
          for _ in 0..<count { try #require(try client.answer().body.count == large.utf8.count) }
          #expect(callee.requests.count == count)
        } else {
          // Who takes nothing for long enough is not waited for.
          #expect(try await eventually { try service.status().connections == 0 })
          #expect(callee.requests.count < count / 2)
        }
        #expect(try await service.servesAsBefore())
        try service.expectSoundLog()
      }
    }
  }
}
