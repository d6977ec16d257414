/// An answer to a request, ready to be sent.
package struct Reply: Sendable {
  package var status: Int
  package var contentType: String
  /// Whole lines besides those that every answer has.
  package var fields: [String]
  package var body: [UInt8]
  /// Whether the connection ends with it.
  package var closes: Bool
  /// Whether more of its body follows, by `ServerConnection.goOn`, until either side ends the connection.
  package var goesOn = false

  package init(_ status: Int, _ contentType: String, _ body: [UInt8], fields: [String] = [], closes: Bool = false) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.fields = fields
    self.closes = closes
  }
}

extension Reply {
  /// Writes it as it goes over the wire.
  /// - Parameters:
  ///   - output: where to.
  ///   - date: as `HTTPDate` has it.
  ///   - connection: what the client is told about the connection.
  ///   - headOnly: without the body: an answer to HEAD tells only how long that would be.
  func write(to output: Output, date: HTTPDate, connection: ConnectionWord, headOnly: Bool) {
    writeHead(to: output, date: date, connection: connection)
    // A 204 has no body, and nothing that says how long it is.
    if status != 204, !goesOn {
      output.append("\r\ncontent-length: ")
      output.append(number: body.count)
    }
    output.append("\r\n\r\n")
    if !headOnly, status != 204 { output.append(body) }
  }

  func writeHead(to output: Output, date: HTTPDate, connection: ConnectionWord) {
    if status == 200 {
      output.append("HTTP/1.1 200 OK\r\ndate: ")
    } else {
      output.append("HTTP/1.1 ")
      output.append(number: status)
      output.append(byte: 0x20)
      output.append(HTTPStatus.reason(status))
      output.append("\r\ndate: ")
    }
    date.write(to: output)
    if !contentType.isEmpty {
      output.append("\r\ncontent-type: ")
      output.append(contentType)
    }
    for field in fields {
      output.append("\r\n")
      output.append(field)
    }
    switch connection {
    case .usual: break
    case .close: output.append("\r\nconnection: close")
    case .keepAlive: output.append("\r\nconnection: keep-alive")
    }
  }
}

/// What an answer says about its connection.
enum ConnectionWord {
  /// Nothing: it goes on.
  case usual
  case close
  /// For a client of HTTP/1.0, which has asked for it.
  case keepAlive
}
