/// What one loop has counted; reports add up to the run's.
struct LoopReport: Sendable {
  var warmUp = OutcomeCounts()
  var measured = OutcomeCounts()
  /// Measured requests, whatever their outcome.
  var all = LatencyRecorder()
  /// Measured requests that were answered with a status below 400.
  var successful = LatencyRecorder()
  /// Requests that ended within the measured time, also those begun in the warm-up.
  var endedInWindow = 0
  var successfulInWindow = 0
  var connections = 0
  var wasCancelled = false
  /// When the loop had nothing more to do.
  var finishedAt: UInt64 = 0

  mutating func start(measured isMeasured: Bool) {
    if isMeasured { measured.start() } else { warmUp.start() }
  }

  mutating func refuse(measured isMeasured: Bool) {
    if isMeasured { measured.refuse() } else { warmUp.refuse() }
  }

  mutating func abandon(_ request: LoadRequest) {
    if request.isMeasured { measured.unfinished += 1 } else { warmUp.unfinished += 1 }
  }

  mutating func end(_ request: LoadRequest, _ outcome: LoadOutcome, at now: UInt64, window: Range<UInt64>) {
    if window.contains(now) {
      endedInWindow += 1
      successfulInWindow += outcome.isSuccess ? 1 : 0
    }
    guard request.isMeasured else { return warmUp.end(outcome) }
    measured.end(outcome)
    all.record(dueAt: request.dueAt, sentAt: request.sentAt, endedAt: now)
    if outcome.isSuccess { successful.record(dueAt: request.dueAt, sentAt: request.sentAt, endedAt: now) }
  }

  mutating func add(_ other: LoopReport) {
    warmUp.add(other.warmUp)
    measured.add(other.measured)
    all.add(other.all)
    successful.add(other.successful)
    endedInWindow += other.endedInWindow
    successfulInWindow += other.successfulInWindow
    connections += other.connections
    wasCancelled = wasCancelled || other.wasCancelled
    finishedAt = max(finishedAt, other.finishedAt)
  }
}
