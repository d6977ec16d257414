import ChainModel
import TraceLog

/// A wait that suspends a request and holds no thread. Begun and ended on the request's event loop.
struct LoopWait {
  let cause: WaitCause
  let target: UInt32
  let id: UInt64
  let flags: WaitFlags
  let exchange: Exchange
  /// When it began.
  private(set) var began: UInt64 = 0

  /// Says in the log that the wait begins.
  init(_ cause: WaitCause, target: UInt32, id: UInt64, flags: WaitFlags = WaitFlags(), for exchange: Exchange) {
    self.cause = cause
    self.target = target
    self.id = id
    self.flags = flags
    self.exchange = exchange
    began = exchange.loop.scribe.write(record(.waitStart, detail: cause.rawValue))
  }

  func end(_ outcome: WaitOutcome) {
    exchange.loop.scribe.write(record(.waitEnd, detail: outcome.rawValue))
  }

  private func record(_ kind: RecordKind, detail: UInt8) -> Record {
    Record(
      kind: kind, trace: exchange.context.trace, span: exchange.context.span.rawValue, other: id, detail: detail,
      name: target, arg: flags.rawValue)
  }
}
