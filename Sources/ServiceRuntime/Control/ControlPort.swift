import ChainModel
import EventLoop
import Logging

/// The control port, on the control loop alone: it answers whatever the service's threads and loops do.
extension ControlRoutes: LocalService {
  private static let patience = Duration.seconds(60)

  /// - Throws: when the port cannot be had.
  func open(port: Int, logger: Logger) throws(Listener.Failure) -> LocalPort {
    let limits = HTTPServer.Limits(request: Self.patience, idle: Self.patience)
    let opened = try LocalPort(
      on: controlLoop, port: port, limits: limits, service: self, onShortage: logger.warnOfShortage)
    if opened.isTwinTaken { logger.warnOfTwin(opened.port) }
    if !opened.knowsUsers {
      logger.notice("the control port answers all users of this host: the kernel does not tell them apart")
    }
    return opened
  }

  var methods: String { "GET, HEAD, PUT, DELETE" }

  func allows(host: String, origins: [String]) -> Bool { LoopbackCheck.allows(hosts: [host], origins: origins) }

  func answer(_ request: LocalRequest, on connection: ServerConnection) {
    do throws(LocalRefusal) {
      connection.answer(reply(try route(request)))
    } catch {
      connection.answer(reply(error))
    }
  }

  func reply(_ refusal: LocalRefusal) -> Reply {
    let body = WireJSON.encode([
      "detail": refusal.detail, "service": core.environment.replica.text, "status": String(refusal.status),
    ])
    return reply(
      Answer(status: refusal.status, contentType: "application/problem+json", body: body),
      fields: refusal.allow.map { ["allow: \($0)"] } ?? [])
  }

  private func reply(_ answer: Answer, fields: [String] = []) -> Reply {
    Reply(answer.status, answer.contentType, answer.body, fields: fields + ["x-content-type-options: nosniff"])
  }
}
