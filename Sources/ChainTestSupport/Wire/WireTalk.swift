/// What takes more than one step to say to a port, against RFC 9110 and RFC 9112. Each returns what is wrong, or nil.
package enum WireTalk {
  private static func complaint(_ talk: () throws -> Void) -> String? {
    do {
      try talk()
      return nil
    } catch {
      return "\(error)"
    }
  }

  private static func expect(_ client: RawClient, _ status: Int, _ what: String) throws {
    let found = try client.answer().status
    guard found == status else { throw RawClient.Failure("\(what): found \(found), expected \(status)") }
  }

  /// 9110 10.1.1: whoever asks before sending a body is told to go on, at once.
  package static func isAskedToGoOn(port: Int, _ path: String) -> String? {
    complaint {
      let client = try RawClient(port: port)
      try client.send(
        WireCase.request("GET \(path) HTTP/1.1", WireCase.host("Expect: 100-continue", "Content-Length: 5")))
      try expect(client, 100, "before the body")
      try client.send("abcde")
      try expect(client, 200, "behind the body")
      try client.get("/no-such-path")
      try expect(client, 404, "the next request")
    }
  }

  /// A request may come in any pieces.
  package static func maySplitAnywhere(port: Int, _ path: String) -> String? {
    complaint {
      let bytes = Array(
        WireCase.request(
          "GET \(path) HTTP/1.1", WireCase.host("Transfer-Encoding: chunked"), "3\r\nabc\r\n0\r\nt: 1\r\n\r\n"
        ).utf8)
      let client = try RawClient(port: port)
      for split in 1..<bytes.count {
        try client.send(Array(bytes[..<split]))
        try client.send(Array(bytes[split...]))
        try expect(client, 200, "split at \(split)")
      }
      for byte in bytes { try client.send([byte]) }
      try expect(client, 200, "byte by byte")
    }
  }

  /// 9112 9.6: a client that has nothing more to send may still wait for its answer (`nc -N`).
  package static func mayHalfClose(port: Int, _ path: String) -> String? {
    complaint {
      let client = try RawClient(port: port)
      try client.get(path)
      client.halfClose()
      try expect(client, 200, "after half a close")
      guard try client.end() == .closed else { throw RawClient.Failure("the connection goes on, or was reset") }
    }
  }

  /// A client that sends all of its upload before it reads must be able to read why it is refused.
  package static func isToldWhyItIsRefused(port: Int, _ path: String) -> String? {
    complaint {
      let large = [UInt8](repeating: 120, count: 8 << 20)
      let client = try RawClient(port: port)
      try client.send(WireCase.request("GET \(path) HTTP/1.1", WireCase.host("Content-Length: \(large.count)")))
      try client.send(large)
      try expect(client, 413, "a body that is too large")
      guard try client.end() == .closed else { throw RawClient.Failure("the connection goes on, or was reset") }
    }
  }
}
