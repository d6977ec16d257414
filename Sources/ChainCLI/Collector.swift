import CCurl
import ChainModel
import Glibc
import TraceExport

/// A collector that did not take what it was sent.
struct CollectorError: Error, CustomStringConvertible {
  var url: String
  var reason: String

  var description: String { "\(url): \(reason)" }
}

/// Sends OTLP requests to a collector, one after another over one connection, as often as OTLP allows.
final class Collector {
  private static let timeout = Duration.seconds(30)
  /// What OTLP allows an answer to have.
  private static let answerLimit = 4 << 20
  private static let isInitialised = chain_curl_global_init() == CURLE_OK

  private final class Answer {
    var body: [UInt8] = []
    var retryAfter: String?
  }

  let url: String
  private(set) var rejected: UInt64 = 0
  private(set) var message = ""
  private var repeated = 0
  private let handle: UnsafeMutableRawPointer?

  /// - Parameter endpoint: the collector; `/v1/traces` is added unless the path is there.
  init(endpoint: String) {
    var base = endpoint
    while base.hasSuffix("/") { base.removeLast() }
    url = base.hasSuffix("/v1/traces") ? base : base + "/v1/traces"
    handle = Self.isInitialised ? curl_easy_init() : nil
  }

  deinit {
    if let handle { curl_easy_cleanup(handle) }
  }

  /// What to say besides that everything was sent.
  var summary: String {
    var parts: [String] = []
    if repeated > 0 { parts.append("\(repeated) of them repeated") }
    if rejected > 0 { parts.append("the collector rejected \(rejected) spans") }
    if !message.isEmpty { parts.append("it says: \(message)") }
    return parts.map { ", \($0)" }.joined()
  }

  /// - Throws: `CollectorError`, when the collector does not take it or cannot be reached.
  func send(_ body: [UInt8]) throws {
    var retry = OTLPRetry()
    while true {
      let outcome = post(body)
      switch retry.next(outcome, jitter: .random(in: 0..<1)) {
      case .done: return
      case .partly(let rejected, let message):
        self.rejected += rejected
        self.message = message
        return
      case .giveUp(let reason): throw CollectorError(url: url, reason: reason)
      case .again(let wait):
        repeated += 1
        Output.note("\(url): \(Self.words(outcome)); again in \(FigureText.duration(wait))")
        usleep(UInt32(clamping: wait.nanoseconds / 1000))
      }
    }
  }

  private static func words(_ outcome: OTLPRetry.Outcome) -> String {
    switch outcome {
    case .answered(let status, _, _): "answered \(status)"
    case .failed(let reason): reason
    }
  }

  private func post(_ body: [UInt8]) -> OTLPRetry.Outcome {
    guard let handle else { return .failed("libcurl does not start") }
    var headers = curl_slist_append(nil, "Content-Type: application/json")
    headers = curl_slist_append(headers, "Expect:")
    defer { curl_slist_free_all(headers) }
    let answer = Answer()
    _ = chain_curl_string(handle, CURLOPT_URL, url)
    _ = chain_curl_list(handle, CURLOPT_HTTPHEADER, headers)
    _ = chain_curl_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = chain_curl_long(handle, CURLOPT_TIMEOUT_MS, Int(clamping: Self.timeout.milliseconds))
    _ = chain_curl_pointer(handle, CURLOPT_WRITEDATA, Unmanaged.passUnretained(answer).toOpaque())
    _ = chain_curl_pointer(handle, CURLOPT_HEADERDATA, Unmanaged.passUnretained(answer).toOpaque())
    _ = chain_curl_on_write(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let answer = Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue()
      guard answer.body.count + size * count <= Collector.answerLimit else { return 0 }
      answer.body += UnsafeRawBufferPointer(start: bytes, count: size * count)
      return size * count
    }
    _ = chain_curl_on_write(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
      Collector.readHeader(line, into: Unmanaged<Answer>.fromOpaque(context).takeUnretainedValue())
      return size * count
    }
    let result = withExtendedLifetime(answer) { Self.perform(handle, body) }
    guard result == CURLE_OK else { return .failed(String(cString: curl_easy_strerror(result))) }
    var status = 0
    _ = chain_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
    return .answered(status: status, retryAfter: answer.retryAfter, body: answer.body)
  }

  private static func perform(_ handle: UnsafeMutableRawPointer, _ body: [UInt8]) -> CURLcode {
    body.withUnsafeBytes { bytes in
      _ = chain_curl_long(handle, CURLOPT_POSTFIELDSIZE, bytes.count)
      // libcurl only reads it; an empty body still needs a pointer.
      _ = chain_curl_pointer(
        handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress) ?? handle)
      return curl_easy_perform(handle)
    }
  }

  private static func readHeader(_ line: String, into answer: Answer) {
    let parts = line.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "retry-after" else { return }
    answer.retryAfter = parts[1].filter { !$0.isWhitespace }
  }
}
