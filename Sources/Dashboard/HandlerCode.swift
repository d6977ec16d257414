import EventLoop
package import ChainModel
import Topology

/// A service's handler as it is written in one IO model, out of the very sources that the services are built of.
///
/// Keys: `service`, `model`, `file`, `function`, `note`, `code`.
package struct HandlerCode: Encodable, Sendable {
  var service: String
  var model: String
  var file: String
  var function: String
  var note: String
  var code: String

  /// By program.
  private static let files = [
    "gateway": "NestedPaymentStatus.swift", "user-service": "UserPaymentStatus.swift",
    "order-service": "OrderPaymentStatus.swift", "payment-service": "PaymentStates.swift",
    ServiceConfiguration.played: "PlayedRoute.swift",
  ]

  /// - Parameters:
  ///   - configuration: of the service whose code it is.
  ///   - model: in which style.
  ///   - file: another one than that of the request that goes through all services.
  /// - Throws: when it is not written in that style.
  init(_ configuration: ServiceConfiguration, model: IOModel, file: String? = nil) throws(LocalRefusal) {
    let service = configuration.name
    let function = model.traits.style.rawValue
    guard let file = file ?? Self.files[configuration.program], let source = Assets.source(file),
      let code = Self.function(function, in: source)
    else { throw LocalRefusal(404, "\(service.rawValue) has no handler in the style of \(model.rawValue)") }
    self.service = service.rawValue
    self.model = model.rawValue
    self.file = file
    self.function = function
    note = model.traits.about
    self.code = code
  }

  /// The gateway's orchestrated request as it is written for one IO model, and the name of its function.
  package static func ofGateway(_ model: IOModel) -> (function: String, text: String)? {
    (try? HandlerCode(Topology.standard.front, model: model, file: "OrchestratedPaymentStatus.swift")).map {
      ($0.function, $0.code)
    }
  }

  /// What an event loop does, once around.
  package static var turnOfTheLoop: String? { Assets.source("EventLoop.swift").flatMap { function("turn", in: $0) } }

  /// The function's lines, with attributes before it, moved to the left.
  static func function(_ name: String, in source: String) -> String? {
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    let heads = ["  func \(name)(", "  private func \(name)("]
    guard let start = lines.firstIndex(where: { line in heads.contains { line.hasPrefix($0) } }),
      let end = lines[start...].firstIndex(of: "  }")
    else { return nil }
    let hasAttribute = start > 0 && lines[start - 1].hasPrefix("  @")
    return lines[(hasAttribute ? start - 1 : start)...end].map { $0.dropFirst(2) }.joined(separator: "\n")
  }
}
