import ChainModel
import ChainTestSupport
import EventLoop
import Glibc
import Testing

/// The server half on real sockets: order, fairness, back-pressure and limits.
@Suite(.serialized) struct HTTPServerTests {
  private func request(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n" }

  /// Answers that nobody reads wait; when somebody does, none is missing and each belongs to its request.
  @Test(.timeLimit(.minutes(1)), arguments: [nil, Duration.microseconds(10)])
  func threeThousandRequestsAtOnceAreAnsweredToALateReader(patience: Duration?) async throws {
    let server = try EchoServer(patience: patience, size: 2000)
    defer { server.stop() }
    let client = try RawClient(port: server.port)
    let count = 3000
    try client.send((0..<count).map { request("/\($0)") }.joined())
    try await Task.sleep(for: .milliseconds(100))
    for number in 0..<count {
      let answer = try client.answer()
      try #require(answer.text.hasPrefix("/\(number)x"))
    }
    #expect(!client.hasInput())
  }

  /// A client among others that all send as much as they can is served within its share.
  @Test(.timeLimit(.minutes(1))) func oneClientAmongManyGetsItsShare() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let greedy = try (0..<200).map { _ in try RawClient(port: server.port) }
    let pile = String(repeating: request("/greedy"), count: 500)
    for client in greedy { try client.send(pile) }
    let modest = try RawClient(port: server.port)
    try modest.send(request("/modest"))
    #expect(try modest.answer().text == "/modest")
    // It did not have to wait for all the others.
    let open = greedy.count { client in (try? client.answersSoFar(500)) != 500 }
    #expect(open > 0)
    for client in greedy { client.reset() }
  }

  /// Connections that close at the same moment as others are heard, in any order: no event reaches a closed one.
  @Test(.timeLimit(.minutes(1))) func aClosedConnectionGetsNoEvent() async throws {
    let server = try EchoServer(patience: .milliseconds(2))
    defer { server.stop() }
    for round in 0..<20 {
      let clients = try (0..<100).map { _ in try RawClient(port: server.port) }
      for (index, client) in clients.enumerated() {
        try client.send(request("/\(index)"))
        if (index + round) % 3 == 0 { client.reset() }
      }
      for (index, client) in clients.enumerated() where (index + round) % 3 != 0 {
        #expect(try client.answer().text == "/\(index)")
        client.close()
      }
    }
    #expect(await eventually { server.connections == 0 })
  }

  /// A program that another thread starts holds a copy of each descriptor for a moment: what is closed here is over.
  @Test(.timeLimit(.minutes(1))) func aConnectionThatOthersStillHoldGetsNoEvent() async throws {
    let server = try EchoServer()
    defer { server.stop() }
    for _ in 0..<50 {
      let client = try RawClient(port: server.port)
      try client.send(request("/"))
      #expect(try client.answer().text == "/")
      let copies = Self.connections(to: server.port).map { dup($0) }
      #expect(!copies.isEmpty)
      client.reset()
      #expect(await eventually { server.connections == 0 })
      // Another one has the loop look at its events while the copies are there.
      let other = try RawClient(port: server.port)
      try other.send(request("/other"))
      #expect(try other.answer().text == "/other")
      other.close()
      for copy in copies { close(copy) }
    }
  }

  /// This process's descriptors of the server's ends.
  private static func connections(to port: Int) -> [Int32] {
    (3..<1024).filter { descriptor in
      var (address, size) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
      return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
          getsockname(descriptor, pointer, &size) == 0 && pointer.pointee.sa_family == sa_family_t(AF_INET)
            && getpeername(descriptor, nil, nil) == -1 && errno != ENOTCONN
        }
      } && Int(UInt16(bigEndian: address.sin_port)) == port
    }
  }

  /// Whoever sends nothing, too slowly, or takes nothing is not waited for.
  @Test(.timeLimit(.minutes(1))) func timeLimitsHold() async throws {
    let limits = HTTPServer.Limits(request: .milliseconds(200), idle: .milliseconds(400))
    let server = try EchoServer(limits, size: 4 << 20)
    defer { server.stop() }
    let (silent, slow, untaking) = (
      try RawClient(port: server.port), try RawClient(port: server.port), try RawClient(port: server.port)
    )
    try slow.send("GET / HTTP/1.1\r\nHost")
    try untaking.send(request("/"))
    #expect(try slow.answer(within: .seconds(5)).status == 400)
    #expect(try silent.end(within: .seconds(5)) == .closed)
    slow.close()
    #expect(await eventually { server.connections == 0 })
  }

  /// A server that has stopped is gone with its loop, whatever it had planned and whoever still has work for it.
  @Test(.timeLimit(.minutes(1))) func whatHasStoppedHoldsNothing() throws {
    weak var held: EventLoop?
    do {
      let server = try EchoServer()
      let loop = server.thread.loop
      held = loop
      #expect(try RawClient(port: server.port).request("/").status == 200)
      let client = try RawClient(port: server.port)
      try client.get("/half")
      #expect(try client.answer().status == 200)
      server.thread.sync { _ = loop.schedule(after: .seconds(3600)) { loop.stop() } }
      server.stop()
      loop.execute { loop.stop() }
    }
    #expect(held == nil)
  }
}

extension RawClient {
  /// How many answers can be read at once without waiting.
  fileprivate func answersSoFar(_ limit: Int) throws -> Int {
    var count = 0
    while count < limit, hasInput() {
      _ = try answer()
      count += 1
    }
    return count
  }
}
