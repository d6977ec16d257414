package import ChainModel
import EventLoop
package import TraceLog

/// Asks one agent, blocking. It keeps its connection; for one thread at a time.
package final class AgentClient {
  package let endpoint: Endpoint
  private let token: AgentToken?
  private let timeout: Duration
  private let session = CurlSession()
  /// Of the address that the endpoint's host was looked up to.
  private var url: String?

  /// - Parameters:
  ///   - endpoint: of the agent.
  ///   - token: nil for one on loopback that has none.
  ///   - timeout: for the whole of a request and its answer.
  package init(_ endpoint: Endpoint, token: AgentToken?, timeout: Duration = .seconds(5)) {
    (self.endpoint, self.token, self.timeout) = (endpoint, token, timeout)
  }

  package func status() throws(AgentError) -> AgentStatus {
    guard let status = WireJSON.decode(AgentStatus.self, from: try accepted("GET", "/status")) else {
      throw .malformed(endpoint, reason: "its status does not decode")
    }
    return status
  }

  /// Asks for a part of its log.
  /// - Parameters:
  ///   - want: what is there already.
  ///   - run: only of this run; nil: of whichever it has.
  /// - Returns: `LogPatches`.
  /// - Throws: when it has no log of the run, or does not answer.
  package func patches(_ want: LogWant, run: String? = nil) throws(AgentError) -> [UInt8] {
    let path = run.map { "/log?run=\($0)" } ?? "/log"
    return try accepted("POST", path, want.bytes, type: "application/octet-stream")
  }

  /// Has it start what an order says. How that ends, its status tells.
  package func start(_ order: StartOrder) throws(AgentError) {
    _ = try accepted("POST", "/start", WireJSON.encode(order))
  }

  package func stop() throws(AgentError) { _ = try accepted("POST", "/stop", Array("{}".utf8)) }

  private func accepted(
    _ method: String, _ path: String, _ body: [UInt8]? = nil, type: String = "application/json"
  ) throws(AgentError) -> [UInt8] {
    let (status, body) = try send(method, path, body, type: type)
    guard (200..<300).contains(status) else {
      let problem = WireJSON.decode(Problem.self, from: body)
      throw .refused(endpoint, status: status, detail: problem?.detail ?? "it gives no reason")
    }
    return body
  }

  /// Whatever the status: also an answer that refuses is an answer.
  package func send(
    _ method: String, _ path: String, _ body: [UInt8]?, type: String = "application/json"
  ) throws(AgentError) -> (status: Int, body: [UInt8]) {
    var request = CurlRequest(method: method, url: "\(try address())\(path)", body: body, timeout: timeout)
    request.contentType = type
    if let token { request.fields.append(token.field) }
    do throws(CurlRequest.Failure) {
      return try request.perform(over: session)
    } catch {
      // Its name may lead elsewhere by now.
      url = nil
      switch error {
      case .timeout: throw .timeout(endpoint, after: timeout)
      case .connection(let reason): throw .unreachable(endpoint, reason: reason)
      case .answer(let reason): throw .malformed(endpoint, reason: reason)
      }
    }
  }

  /// An agent is asked by its address: that is the one host whose name it answers to.
  private func address() throws(AgentError) -> String {
    if let url { return url }
    do throws(SocketAddress.Unresolved) {
      let found = try SocketAddress.resolve(endpoint).endpoint.url
      url = found
      return found
    } catch {
      throw .unreachable(endpoint, reason: error.reason)
    }
  }

  private struct Problem: Decodable {
    var detail: String?
  }
}
