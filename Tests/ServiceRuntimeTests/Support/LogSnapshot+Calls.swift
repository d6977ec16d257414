import ChainModel
import TraceLog

extension LogSnapshot {
  /// The client spans, in order.
  var calls: [Record] { records(.spanStart).filter { $0.detail == SpanKind.client.rawValue } }

  /// The waits with this cause that show what happens: those of the thread that makes the call, where one does.
  func waits(_ cause: WaitCause, _ model: IOModel) -> [Record] {
    let isHeld = !model.waitsOnLoop
    return records(.waitStart).filter { $0.detail == cause.rawValue && $0.waitFlags.contains(.held) == isHeld }
  }

  func sleeps(_ model: IOModel) -> [Record] {
    waits(.sleep, model).filter { name($0) == "retry back-off" }
  }

  /// How long each back-off took.
  func backOffs(_ model: IOModel) -> [Duration] {
    let ends = Dictionary(records(.waitEnd).map { ($0.other, $0.time) }, uniquingKeysWith: { first, _ in first })
    return sleeps(model).compactMap { start in ends[start.other].map { .nanoseconds(Int64($0 &- start.time)) } }
  }

  /// The most calls that were waited for at one moment.
  func mostCallsAtOnce(_ model: IOModel) -> Int {
    let starts = waits(.call, model)
    let ids = Set(starts.map(\.other))
    let isHeld = !model.waitsOnLoop
    let ends = records(.waitEnd).filter { ids.contains($0.other) && $0.waitFlags.contains(.held) == isHeld }
    var (now, most) = (0, 0)
    for record in (starts + ends).sorted(by: Record.precedes) {
      now += record.kind == .waitStart ? 1 : -1
      most = max(most, now)
    }
    return most
  }
}
