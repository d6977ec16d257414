import ChainModel
package import TraceLog

/// What can be drawn of a log that knows no threads: the requests of each process, in as many lanes as it had in progress
/// at once. Each request runs, or waits for a call of its own.
package struct SpanLanes: Sendable {
  /// In the order in which the requests of a lane began; the thread's number is the lane's, from 1.
  package private(set) var slices: [LaneSlice] = []

  /// More at once in one process are not drawn.
  package static let limit = 2_000

  /// Nil for a log that knows threads, or has no spans.
  package init?(_ snapshot: LogSnapshot) {
    guard !snapshot.records.contains(where: { $0.kind == .arrive || $0.kind == .threadStart }) else { return nil }
    let log = LogSpans(snapshot)
    guard !log.spans.isEmpty else { return nil }
    var ends: [UInt16: [UInt64]] = [:]
    let tops = log.spans.indices.filter { Self.isTop($0, log) }
    for top in tops.sorted(by: { (log.spans[$0].start, $0) < (log.spans[$1].start, $1) }) {
      let span = log.spans[top]
      let lanes = ends[span.process] ?? []
      let lane = lanes.firstIndex { $0 <= span.start } ?? lanes.count
      guard lane < Self.limit else { continue }
      if lane == lanes.count {
        ends[span.process, default: []].append(span.end)
      } else {
        ends[span.process]?[lane] = span.end
      }
      draw(top, UInt32(lane + 1), log)
    }
  }

  /// What another process, or nobody, has asked for.
  private static func isTop(_ span: Int, _ log: LogSpans) -> Bool {
    let value = log.spans[span]
    guard value.parent >= 0 else { return true }
    let parent = log.spans[Int(value.parent)]
    guard parent.process == value.process else { return true }
    return [.client, .producer].contains(parent.kind) && [.server, .consumer].contains(value.kind)
  }

  private mutating func draw(_ top: Int, _ lane: UInt32, _ log: LogSpans) {
    let span = log.spans[top]
    var cursor = span.start
    func slice(_ start: UInt64, _ end: UInt64, _ cause: WaitCause?, _ target: UInt32) -> LaneSlice {
      LaneSlice(
        process: span.process, lane: .thread(lane), start: start, end: end, cause: cause, target: target, span: span.id)
    }
    for call in Self.calls(top, log).sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
      let (start, end) = (max(call.start, cursor), min(call.end, span.end))
      guard end > start else { continue }
      if start > cursor { slices.append(slice(cursor, start, nil, 0)) }
      slices.append(slice(start, end, .call, call.name))
      cursor = end
    }
    if span.end > cursor { slices.append(slice(cursor, span.end, nil, 0)) }
  }

  /// Calls within a request: spans of clients, and of other processes without one.
  private static func calls(_ top: Int, _ log: LogSpans) -> [LogSpans.Span] {
    if log.spans[top].kind == .client { return [log.spans[top]] }
    var calls: [LogSpans.Span] = []
    var stack = [top]
    while let next = stack.popLast() {
      for child in log.children(of: next) where log.isWaitedFor(Int(child)) {
        let value = log.spans[Int(child)]
        if value.kind == .client || value.process != log.spans[top].process {
          calls.append(value)
        } else {
          stack.append(Int(child))
        }
      }
    }
    return calls
  }
}
