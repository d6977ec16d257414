/// Bytes for a port, and what the RFCs say must come back.
package struct WireCase: Sendable {
  /// Where it is written: 9110 is HTTP's semantics, 9112 HTTP/1.1.
  private let section: String
  private let about: String
  private let sent: String
  /// The statuses of all answers, in order.
  private let statuses: [Int]
  /// Whether the server then ends the connection.
  private let ends: Bool
  /// A header that the last answer must have.
  private let header: (name: String, value: String)?

  package init(
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

  /// A request of this method, with these lines and body.
  package static func request(
    _ start: String, _ lines: [String] = ["Host: localhost"], _ body: String = ""
  ) -> String {
    ([start] + lines + ["", body]).joined(separator: "\r\n")
  }

  /// The lines of a request that names its host.
  package static func host(_ lines: String...) -> [String] { ["Host: localhost"] + lines }

  /// Sends it on a connection of its own and looks at all that comes.
  /// - Returns: what is wrong with it.
  package func complaints(port: Int) -> [String] {
    do {
      return try exchange(port).map { "\(section) \(about): \($0)" }
    } catch {
      return ["\(section) \(about): \(error)"]
    }
  }

  private func exchange(_ port: Int) throws -> [String] {
    let client = try RawClient(port: port)
    // A server that has heard enough may end the connection before all is sent.
    try? client.send(sent)
    var wrong: [String] = []
    var last: RawAnswer?
    for status in statuses {
      let answer = try client.answer(within: .seconds(5), bodiless: sent.hasPrefix("HEAD") && last == nil)
      if answer.status != status { wrong.append("found \(answer.status), expected \(status): \(answer.text)") }
      last = answer
    }
    if let header, last?[header: header.name] != header.value { wrong.append("\(header.name) is not \(header.value)") }
    if ends {
      if last?[header: "connection"] != "close" { wrong.append("the last answer does not say that it is the last") }
      if try client.end(within: .seconds(5)) == .open { wrong.append("the connection goes on") }
    } else {
      // The connection is as good as before: nothing has come that was not asked for, and it is served.
      try client.get("/no-such-path")
      let next = try client.answer(within: .seconds(5))
      if next.status != 404 { wrong.append("the next answer is \(next.status) \(next.text)") }
    }
    return wrong
  }
}
