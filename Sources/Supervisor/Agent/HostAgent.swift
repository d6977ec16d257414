package import ChainModel
import EventLoop
import Glibc

/// One host's face to the others: serves its log, and starts, stops and changes its services for whoever has the token.
package final class HostAgent: Sendable {
  private let thread = LoopThread("agent")
  private let port: LocalPort
  private let service: AgentService
  /// Where it listens.
  package let endpoint: Endpoint

  private static let patience = Duration.seconds(5)
  /// Short: whoever only holds connections must not keep others out for long.
  private static let idle = Duration.seconds(10)
  private static let connections = 256
  /// A description of two thousand services has half of it, and what a reader has of the largest log as well.
  private static let bodyBytes = 1 << 20

  /// Begins to listen.
  /// - Parameters:
  ///   - endpoint: an address of this host; port 0 for any.
  ///   - token: what whoever asks must bring; nil on loopback alone, where only this user is answered.
  ///   - launcher: of the host's runs.
  ///   - version: of this program.
  /// - Throws: when other hosts could ask without a token, or the port cannot be had.
  package init(
    at endpoint: Endpoint, token: AgentToken?, launcher: ChainLauncher, version: String
  ) throws(AgentError) {
    guard endpoint.isLoopback || token != nil else { throw .tokenNeeded(endpoint) }
    service = AgentService(
      AgentGate(endpoint: endpoint, token: token), AgentRoutes(launcher, version: version), thread.loop)
    do throws(Listener.Failure) {
      port = try LocalPort(
        on: thread.loop, at: endpoint,
        limits: .init(request: Self.patience, idle: Self.idle, bodyBytes: Self.bodyBytes),
        connections: Self.connections,
        service: service
      ) { reason in
        let line = Array("chainlab: connections to the agent wait: \(reason)\n".utf8)
        _ = Glibc.write(STDERR_FILENO, line, line.count)
      }
      // Whoever has the other address of `localhost` would be shown the token.
      if port.isTwinTaken { throw Listener.Failure(code: EADDRINUSE) }
    } catch {
      thread.stop()
      service.stop()
      throw .cannotListen(endpoint, TakenPort.reason(port: endpoint.port, errorNumber: error.code))
    }
    self.endpoint = Endpoint(endpoint.host, port: port.port)
    guard token != nil || port.knowsUsers else {
      thread.sync { [port] in port.close() }
      thread.stop()
      service.stop()
      throw .tokenNeededHere(endpoint)
    }
    thread.loop.execute { [port] in port.start() }
  }

  /// Requests without a token, or with a wrong one.
  package var refusedTokens: Int { service.refusedTokens }

  /// Takes leave of supervisors that have ended, unless it is about to ask how one ended.
  package func reap() { if !service.routes.board.state.isBusy { ChildProcess.reapAll() } }

  /// Ends it, and all of its connections; the host's chain goes on.
  package func stop() {
    service.routes.board.noteEnding()
    thread.sync { [port] in port.close() }
    thread.stop()
    service.stop()
  }
}
