import ChainModel
import TraceLog

/// Event loops that stood still: by explicit record, by a held wait on a loop's thread, and by the probe.
extension CascadeFold {
  /// Open requests that are looked at for each stall; more are not counted as delayed.
  static let victimLimit = 4096

  mutating func stall(_ record: Record) {
    let place = thread(record)
    let length = min(record.other, record.time)
    let culprit = record.name == 0 ? nil : LoopGauge.Culprit(state: 1, name: record.name)
    stall(
      place, from: record.time - length, detector: record.detail == StallDetector.explicit.rawValue ? 1 : 2,
      culprit: culprit, span: record.span)
  }

  /// A wait that held an event loop's thread has ended.
  mutating func heldLoop(_ place: Int, _ wait: FoldWait) {
    stall(
      place, from: wait.since, detector: 1,
      culprit: LoopGauge.Culprit(state: 1 + wait.cause.rawValue, name: wait.target), span: nil)
  }

  private mutating func stall(_ place: Int, from: UInt64, detector: UInt8, culprit: LoopGauge.Culprit?, span: UInt64?) {
    let start = max(from, options.from)
    guard isCounting, now > start else { return }
    if loops[place] == nil { loops[place] = gauge(place, now: now) }
    guard let fresh = loops[place]?.stall(from: start, to: now, detector: detector, culprit: culprit) ?? nil
    else { return }
    let node = threadNodes[place]
    var (count, time) = (0, UInt64(0))
    for request in requests.prefix(Self.victimLimit) where request.thread == node {
      guard let since = Self.readySince(request), request.span != span else { continue }
      let begin = max(since, fresh)
      guard now > begin else { continue }
      count += 1
      time &+= now &- begin
    }
    loops[place]?.delay(requests: count, time: time)
  }

  /// From when on a request could have gone on, had its loop turned.
  private static func readySince(_ request: FoldRequest) -> UInt64? {
    switch request.phase {
    case .arrived, .running: request.phaseSince
    case .suspended: request.wait.flatMap { $0.isDone ? $0.doneAt : nil }
    case .queued: nil
    }
  }
}
