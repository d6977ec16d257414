import ChainTestSupport
import Testing

/// Bytes for a port, and what the RFCs say must come back.
struct WireCase: Sendable, CustomTestStringConvertible {
  /// Where it is written: 9110 is HTTP's semantics, 9112 HTTP/1.1.
  var section: String
  var about: String
  var sent: String
  /// The statuses of all answers, in order.
  var statuses: [Int]
  /// Whether the server then ends the connection.
  var ends: Bool
  /// A header that the last answer must have.
  var header: (name: String, value: String)?

  init(
    _ section: String, _ about: String, _ sent: String, _ statuses: [Int], ends: Bool = false,
    header: (name: String, value: String)? = nil
  ) {
    self.section = section
    self.about = about
    self.sent = sent
    self.statuses = statuses
    self.ends = ends
    self.header = header
  }

  var testDescription: String { "\(section) \(about)" }

  /// Sends it on a connection of its own and looks at all that comes.
  func check(port: Int) {
    do {
      try exchange(port)
    } catch {
      Issue.record("\(testDescription): \(error)")
    }
  }

  private func exchange(_ port: Int) throws {
    let client = try RawClient(port: port)
    // A server that has heard enough may end the connection before all is sent.
    try? client.send(sent)
    var last: RawAnswer?
    for status in statuses {
      let answer = try client.answer(within: .seconds(5), bodiless: sent.hasPrefix("HEAD") && last == nil)
      #expect(answer.status == status, "\(testDescription): \(answer.text)")
      last = answer
    }
    if let header { #expect(last?[header: header.name] == header.value, "\(testDescription)") }
    if ends {
      #expect(last?[header: "connection"] == "close" || last == nil, "\(testDescription)")
      #expect(try client.end(within: .seconds(5)) != .open, "\(testDescription)")
    } else {
      // The connection is as good as before: nothing has come that was not asked for, and it is served.
      try client.get(Self.probe)
      let next = try client.answer(within: .seconds(5))
      #expect(next.status == 404, "\(testDescription): \(next.status) \(next.text)")
    }
  }

  private static let probe = "/no-such-path"
}
