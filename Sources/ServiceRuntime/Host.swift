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
    hosts = [BlockingHost(), HiredHost(), CallbackHost(), AsyncHost()]
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
