import CCurl
import ChainModel
import Glibc

/// One reused libcurl handle: a blocking HTTP client for one thread, which really waits in the kernel.
final class CurlClient {
  private let handle: UnsafeMutableRawPointer
  private let interrupt: Interrupt
  private var body: [UInt8] = []
  private var socketError: Int32 = 0

  static let bodyLimit = 4 << 20

  /// Once per process, before any thread uses libcurl.
  static let isReady: Bool = chain_curl_global_init() == CURLE_OK

  init(interrupt: Interrupt) {
    guard Self.isReady, let handle = curl_easy_init() else { preconditionFailure("libcurl cannot be initialised") }
    self.handle = handle
    self.interrupt = interrupt
    let context = Unmanaged.passUnretained(self).toOpaque()
    _ = chain_curl_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = chain_curl_string(handle, CURLOPT_PROXY, "")
    _ = chain_curl_long(handle, CURLOPT_TCP_NODELAY, 1)
    // Answers are small, and every blocked thread has such a buffer.
    _ = chain_curl_long(handle, CURLOPT_BUFFERSIZE, 4096)
    _ = chain_curl_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    // Shorter than the callee's idle timeout, so that a connection is never reused just as the callee closes it.
    _ = chain_curl_long(handle, CURLOPT_MAXAGE_CONN, 20)
    _ = chain_curl_long(handle, CURLOPT_MAXCONNECTS, 2 * ReplicaName.numbers.upperBound)
    _ = chain_curl_pointer(handle, CURLOPT_WRITEDATA, context)
    _ = chain_curl_on_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      return Unmanaged<CurlClient>.fromOpaque(context).takeUnretainedValue().received(bytes, size * count)
    }
    _ = chain_curl_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
    _ = chain_curl_on_open(handle) { context, _, address in
      guard let context, let address else { return -1 }
      return Unmanaged<CurlClient>.fromOpaque(context).takeUnretainedValue().openSocket(address)
    }
    _ = chain_curl_pointer(handle, CURLOPT_CLOSESOCKETDATA, context)
    _ = chain_curl_on_close(handle) { context, descriptor in
      guard let context else { return close(descriptor) }
      return Unmanaged<CurlClient>.fromOpaque(context).takeUnretainedValue().interrupt.closed(descriptor)
    }
  }

  deinit {
    curl_easy_cleanup(handle)
  }

  /// Makes one GET request and blocks until its answer is complete.
  /// - Parameters:
  ///   - url: where to.
  ///   - headers: whole lines.
  ///   - callee: for the errors.
  ///   - timeout: for all of it.
  ///   - keepsConnection: whether it may use a connection again, and keep it; otherwise it makes one of its own.
  /// - Returns: the answer, if its status is a success.
  func get(
    url: String, headers: [String], callee: ServiceName, timeout: Duration, keepsConnection: Bool
  ) -> Result<CalleeAnswer, CallError> {
    body.removeAll(keepingCapacity: true)
    socketError = 0
    var list: UnsafeMutablePointer<curl_slist>?
    for header in headers { list = curl_slist_append(list, header) }
    defer { curl_slist_free_all(list) }
    _ = chain_curl_list(handle, CURLOPT_HTTPHEADER, list)
    _ = chain_curl_string(handle, CURLOPT_URL, url)
    _ = chain_curl_long(handle, CURLOPT_TIMEOUT_MS, max(1, Int(clamping: timeout.milliseconds)))
    _ = chain_curl_long(handle, CURLOPT_FRESH_CONNECT, keepsConnection ? 0 : 1)
    _ = chain_curl_long(handle, CURLOPT_FORBID_REUSE, keepsConnection ? 0 : 1)
    guard !interrupt.isInterrupted else { return .failure(.cancelled) }
    let code = curl_easy_perform(handle)
    guard code == CURLE_OK else { return .failure(error(code, callee: callee)) }
    var status = 0
    _ = chain_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    guard (200..<300).contains(status) else { return .failure(.answered(callee, status: status)) }
    return .success(CalleeAnswer(body: body))
  }

  private func error(_ code: CURLcode, callee: ServiceName) -> CallError {
    if interrupt.isInterrupted { return .cancelled }
    switch code {
    case CURLE_OPERATION_TIMEDOUT: return .timeout(callee)
    case CURLE_COULDNT_CONNECT:
      return [EMFILE, ENFILE].contains(socketError) ? .shed(.descriptors) : .connectionRefused(callee)
    case CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE: return .connectionReset(callee)
    default: return .malformedAnswer(callee)
    }
  }

  private func received(_ bytes: UnsafeMutablePointer<CChar>, _ count: Int) -> Int {
    guard body.count + count <= Self.bodyLimit else { return 0 }
    body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
    return count
  }

  private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Int32 {
    let descriptor = socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    guard descriptor >= 0 else {
      socketError = errno
      return -1
    }
    guard interrupt.opened(descriptor) else {
      close(descriptor)
      return -1
    }
    return descriptor
  }
}
