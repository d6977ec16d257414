import CCurl
import ChainModel
import Glibc

/// What a server answered.
package struct ProbeAnswer: Sendable {
  package var status: Int
  package var body: [UInt8]
  /// Names in lower case.
  package var headers: [String: String]
  /// From the beginning of the connection to the last byte.
  package var time: Duration

  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// One request over a connection of its own, for tests.
package struct HTTPProbe {
  package var method: String
  package var url: String
  /// Whole lines.
  package var headers: [String]
  package var body: String?
  package var timeout: Duration

  package init(
    _ url: String, method: String = "GET", headers: [String] = [], body: String? = nil,
    timeout: Duration = .seconds(30)
  ) {
    self.url = url
    self.method = method
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }

  private static let isReady = chain_curl_global_init() == CURLE_OK

  private final class Sink {
    var bytes: [UInt8] = []

    static let write: chain_curl_write = { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
      sink.bytes += UnsafeRawBufferPointer(start: bytes, count: size * count)
      return size * count
    }

    var pointer: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
  }

  /// Blocks; nil when there was no answer.
  package func send() -> ProbeAnswer? {
    guard Self.isReady, let handle = curl_easy_init() else { return nil }
    defer { curl_easy_cleanup(handle) }
    var list: UnsafeMutablePointer<curl_slist>?
    for header in headers { list = curl_slist_append(list, header) }
    defer { curl_slist_free_all(list) }
    let (head, body) = (Sink(), Sink())
    prepare(handle, list, head: head, body: body)
    let began = Monotonic.now()
    let code = withExtendedLifetime((head, body)) { curl_easy_perform(handle) }
    guard code == CURLE_OK else { return nil }
    let time = Duration.nanoseconds(Int64(Monotonic.now() &- began))
    var status = 0
    _ = chain_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return ProbeAnswer(status: status, body: body.bytes, headers: Self.headers(head.bytes), time: time)
  }

  private func prepare(
    _ handle: UnsafeMutableRawPointer, _ list: UnsafeMutablePointer<curl_slist>?, head: Sink, body: Sink
  ) {
    _ = chain_curl_string(handle, CURLOPT_URL, url)
    _ = chain_curl_string(handle, CURLOPT_CUSTOMREQUEST, method)
    _ = chain_curl_string(handle, CURLOPT_PROXY, "")
    _ = chain_curl_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = chain_curl_long(handle, CURLOPT_TIMEOUT_MS, Int(clamping: timeout.milliseconds))
    _ = chain_curl_list(handle, CURLOPT_HTTPHEADER, list)
    if let text = self.body { _ = chain_curl_string(handle, CURLOPT_COPYPOSTFIELDS, text) }
    _ = chain_curl_on_write(handle, CURLOPT_WRITEFUNCTION, Sink.write)
    _ = chain_curl_pointer(handle, CURLOPT_WRITEDATA, body.pointer)
    _ = chain_curl_on_write(handle, CURLOPT_HEADERFUNCTION, Sink.write)
    _ = chain_curl_pointer(handle, CURLOPT_HEADERDATA, head.pointer)
  }

  private static func headers(_ head: [UInt8]) -> [String: String] {
    var headers: [String: String] = [:]
    for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    return headers
  }
}
