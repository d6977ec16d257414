import ChainModel
import ChainTestSupport
import EventLoop
import FoundationEssentials
import Glibc
import Testing

/// Damaged requests in any pieces, against a real connection: whatever comes, the server goes on, and no answer belongs
/// to another request. `CHAINLAB_FUZZ=10000000` says how many; under AddressSanitizer by `scripts/fuzz`.
@Suite struct FuzzTests {
  private static let count = ProcessInfo.processInfo.environment["CHAINLAB_FUZZ"].flatMap { Int($0) } ?? 3000

  private static let seeds = [
    "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde",
    "POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx: y\r\n\r\n",
    "PUT /d HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab",
    "GET /e HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /f HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ]

  private static func damaged(_ ids: inout IDGenerator) -> [UInt8] {
    var bytes = Array(seeds[Int(ids.next() % UInt64(seeds.count))].utf8)
    for _ in 0..<(ids.next() % 4) {
      let place = Int(ids.next() % UInt64(bytes.count))
      switch ids.next() % 4 {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: ids.next())
      case 1: bytes.insert(UInt8(truncatingIfNeeded: ids.next()), at: place)
      case 2: bytes.remove(at: place)
      default: bytes.insert(contentsOf: bytes[place...].prefix(Int(ids.next() % 64)), at: place)
      }
      if bytes.isEmpty { bytes = [13] }
    }
    return bytes
  }

  @Test(.timeLimit(.minutes(60))) func nothingBreaksWhateverComes() throws {
    let server = try EchoServer(.init(request: .milliseconds(500), idle: .seconds(5)))
    defer { server.stop() }
    var ids = IDGenerator(seed: UInt64(Self.count))
    for number in 0..<Self.count {
      let bytes = Self.damaged(&ids)
      let client = try RawClient(port: server.port)
      let split = Int(ids.next() % UInt64(bytes.count + 1))
      try? client.send(Array(bytes[..<split]))
      try? client.send(Array(bytes[split...]))
      // Behind it a good one: it is answered as itself, or not at all.
      try? client.send("\r\n\r\nGET /last-\(number) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
      client.halfClose()
      let texts = client.textsOfAllAnswers()
      for text in texts where text.hasPrefix("/last-") { try #require(text == "/last-\(number)") }
      if ids.next() % 8 == 0 { client.reset() }
    }
    let client = try RawClient(port: server.port)
    #expect(try client.request("/alive").text == "/alive")
  }
}

extension RawClient {
  /// Of all answers until the other side ends the connection.
  fileprivate func textsOfAllAnswers() -> [String] {
    var texts: [String] = []
    while let answer = try? answer(within: .seconds(10)) { texts.append(answer.text) }
    return texts
  }
}
