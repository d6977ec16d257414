import CCurl
import ChainModel

/// One HTTP request over libcurl's easy interface.
struct CurlRequest {
  enum Failure: Error, Hashable {
    case timeout
    case connection(String)
    case answer(String)
  }

  var method: String
  var url: String
  var body: [UInt8]?
  var timeout: Duration
  var contentType = "application/json"
  /// Further lines of its head.
  var fields: [String] = []

  /// No answer of a control port comes near it; a stranger on that port shall not fill the memory.
  private static let answerLimit = 16 << 20

  fileprivate static let isInitialised = chain_curl_global_init() == CURLE_OK

  private final class Sink {
    var bytes: [UInt8] = []
  }

  /// - Parameter session: keeps the connection for the next request.
  /// - Returns: whatever was answered.
  /// - Throws: when nothing was, or no HTTP.
  func perform(over session: CurlSession = CurlSession()) throws(Failure) -> (status: Int, body: [UInt8]) {
    guard let handle = session.handle else { throw .connection("libcurl does not start") }
    defer { curl_easy_reset(handle) }
    var headers: UnsafeMutablePointer<curl_slist>?
    for field in ["Content-Type: \(contentType)", "Expect:"] + fields { headers = curl_slist_append(headers, field) }
    defer { curl_slist_free_all(headers) }
    let sink = Sink()
    prepare(handle, headers, sink)
    let result = withExtendedLifetime(sink) { send(handle) }
    guard result == CURLE_OK else { throw Self.failure(result) }
    var status = 0
    _ = chain_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return (status, sink.bytes)
  }

  private func prepare(_ handle: UnsafeMutableRawPointer, _ headers: UnsafeMutablePointer<curl_slist>?, _ sink: Sink) {
    _ = chain_curl_string(handle, CURLOPT_URL, url)
    _ = chain_curl_string(handle, CURLOPT_CUSTOMREQUEST, method)
    _ = chain_curl_list(handle, CURLOPT_HTTPHEADER, headers)
    _ = chain_curl_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = chain_curl_long(handle, CURLOPT_TIMEOUT_MS, Int(clamping: max(timeout.milliseconds, 1)))
    // An http_proxy in the environment is not meant for the loopback interface.
    _ = chain_curl_string(handle, CURLOPT_PROXY, "")
    _ = chain_curl_pointer(handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(sink).toOpaque())
    _ = chain_curl_on_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
      guard sink.bytes.count + size * count <= CurlRequest.answerLimit else { return 0 }
      sink.bytes += UnsafeRawBufferPointer(start: bytes, count: size * count)
      return size * count
    }
  }

  private func send(_ handle: UnsafeMutableRawPointer) -> CURLcode {
    guard let body else { return curl_easy_perform(handle) }
    return body.withUnsafeBytes { bytes in
      _ = chain_curl_long(handle, CURLOPT_POSTFIELDSIZE, bytes.count)
      // libcurl only reads it; an empty body still needs a pointer.
      _ = chain_curl_pointer(
        handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress) ?? handle)
      return curl_easy_perform(handle)
    }
  }

  private static func failure(_ code: CURLcode) -> Failure {
    let reason = String(cString: curl_easy_strerror(code))
    return switch code {
    case CURLE_OPERATION_TIMEDOUT: .timeout
    case CURLE_COULDNT_CONNECT: .connection("the connection was refused")
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR: .connection(reason)
    default: .answer(reason)
    }
  }
}

/// One handle of libcurl's, which keeps a connection from one request to the next. For one thread at a time.
final class CurlSession {
  fileprivate let handle = CurlRequest.isInitialised ? curl_easy_init() : nil

  deinit { if let handle { curl_easy_cleanup(handle) } }
}
