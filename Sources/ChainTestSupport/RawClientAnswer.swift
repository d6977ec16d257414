import ChainModel

/// An HTTP answer as it came over the wire.
package struct RawAnswer: Hashable, Sendable {
  package var status: Int
  /// Names in lower case, in order.
  package var headers: [Header]
  package var body: [UInt8]

  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: String
  }

  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The header's only value; nil when it is not there, or more than once.
  package subscript(header name: String) -> String? {
    let values = headers.filter { $0.name == name }
    return values.count == 1 ? values[0].value : nil
  }

  /// The body of an `application/problem+json` answer; nil for any other.
  package var problem: Problem? {
    guard self[header: "content-type"] == "application/problem+json" else { return nil }
    return WireJSON.decode(Problem.self, from: body)
  }

  package struct Problem: Decodable, Hashable, Sendable {
    package var title: String
    package var status: Int
    package var detail: String
    package var service: String
    package var errorType: String
    package var traceID: String?

    enum CodingKeys: String, CodingKey {
      case title, status, detail, service
      case errorType = "error_type"
      case traceID = "trace_id"
    }
  }

  /// The answer at the beginning of the bytes, and how long it is; nil while it is not complete. Its length must be
  /// given: chunked answers are none that a service gives.
  static func parse(_ bytes: ArraySlice<UInt8>, bodiless: Bool) -> (RawAnswer, Int)? {
    let end = Array("\r\n\r\n".utf8)
    guard let blank = bytes.indices.dropLast(3).first(where: { bytes[$0...].starts(with: end) }) else { return nil }
    let lines = String(decoding: bytes[..<blank], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { return nil }
    let headers = lines.dropFirst().compactMap { line -> Header? in
      let parts = line.split(separator: ":", maxSplits: 1)
      return parts.count == 2 ? Header(name: parts[0].lowercased(), value: String(parts[1].drop { $0 == " " })) : nil
    }
    var answer = RawAnswer(status: status, headers: headers, body: [])
    let length = bodiless ? 0 : answer[header: "content-length"].flatMap { Int($0) } ?? 0
    let last = blank + 4 + length
    guard bytes.endIndex >= last else { return nil }
    answer.body = Array(bytes[(blank + 4)..<last])
    return (answer, last - bytes.startIndex)
  }
}
