import Atomics
import ChainModel
import TraceLog

/// Admits a request and sees to it that it is answered once, in one IO model.
protocol Host: Sendable {
  /// Called on the request's event loop.
  func admit(_ exchange: Exchange)
}

/// Picks the host of the IO model now in force. Nothing else asks which model that is.
final class ModeSwitch: Sendable {
  private let current: ManagedAtomic<UInt8>
  private let hosts: [any Host]

  init(_ model: IOModel) {
    current = ManagedAtomic(model.code)
    hosts = IOModel.allCases.sorted { $0.code < $1.code }.map(Self.host)
  }

  private static func host(_ model: IOModel) -> any Host {
    switch model {
    case .blocking: BlockingHost()
    case .async: HiredHost()
    case .nonblocking: CallbackHost()
    case .nonblockingAsync: AsyncHost()
    }
  }

  var model: IOModel { IOModel(code: current.load(ordering: .acquiring)) ?? .blocking }

  /// In force for the next request that is admitted; those admitted before finish in their model.
  /// - Returns: the model until now.
  func set(_ model: IOModel) -> IOModel {
    IOModel(code: current.exchange(model.code, ordering: .acquiringAndReleasing)) ?? .blocking
  }

  func admit(_ exchange: Exchange) {
    let code = current.load(ordering: .acquiring)
    exchange.model = IOModel(code: code) ?? .blocking
    hosts[Int(code)].admit(exchange)
  }
}
