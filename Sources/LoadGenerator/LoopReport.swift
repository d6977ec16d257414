/// What one loop has counted; reports add up to the run's.
struct LoopReport: Sendable {
  var warmUp = OutcomeCounts()
  var measured = OutcomeCounts()
  /// Measured requests, whatever their outcome.
  var all = LatencyRecorder()
  /// Measured requests that were answered with a status below 400.
  var successful = LatencyRecorder()
  /// How late measured requests were sent.
  var lateness = TimeHistogram()
  /// Requests that were sent within the measured time, also those that were due in the warm-up.
  var sentInWindow = 0
  /// Requests that ended within the measured time, also those begun in the warm-up.
  var endedInWindow = 0
  var answeredInWindow = 0
  var successfulInWindow = 0
  /// Of the second half of the measured time alone, when a run that can be steady is.
  var dueInSecondHalf = 0
  var answeredInSecondHalf = 0
  /// Measured requests that were due and not sent because the measured time had ended long ago.
  var overdue = 0
  /// By how much the loop was late when it looked what was due, in all; nanoseconds.
  var late: UInt64 = 0
  /// For how long requests that were due waited for a connection, in all; nanoseconds.
  var held: UInt64 = 0
  var connections = 0
  var wasCancelled = false
  /// When the loop had nothing more to do.
  var finishedAt: UInt64 = 0

  mutating func start(_ request: LoadRequest, window: Range<UInt64>) {
    if window.contains(request.sentAt) { sentInWindow += 1 }
    guard request.isMeasured else { return warmUp.start() }
    measured.start()
    lateness.record(request.sentAt - request.dueAt)
    if request.dueAt >= Self.half(window) { dueInSecondHalf += 1 }
  }

  /// A request is due and not sent.
  mutating func skip(dueAt: UInt64, isOverdue: Bool, window: Range<UInt64>) {
    guard dueAt >= window.lowerBound else { return warmUp.refuse() }
    measured.refuse()
    if isOverdue { overdue += 1 }
    if dueAt >= Self.half(window) { dueInSecondHalf += 1 }
  }

  private static func half(_ window: Range<UInt64>) -> UInt64 {
    window.lowerBound + (window.upperBound - window.lowerBound) / 2
  }

  mutating func abandon(_ request: LoadRequest) {
    if request.isMeasured { measured.unfinished += 1 } else { warmUp.unfinished += 1 }
  }

  mutating func end(_ request: LoadRequest, _ outcome: LoadOutcome, at now: UInt64, window: Range<UInt64>) {
    if window.contains(now) {
      endedInWindow += 1
      successfulInWindow += outcome.isSuccess ? 1 : 0
      if case .answered = outcome {
        answeredInWindow += 1
        answeredInSecondHalf += now >= Self.half(window) ? 1 : 0
      }
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
    lateness.add(other.lateness)
    sentInWindow += other.sentInWindow
    endedInWindow += other.endedInWindow
    answeredInWindow += other.answeredInWindow
    successfulInWindow += other.successfulInWindow
    dueInSecondHalf += other.dueInSecondHalf
    answeredInSecondHalf += other.answeredInSecondHalf
    overdue += other.overdue
    late += other.late
    held += other.held
    connections += other.connections
    wasCancelled = wasCancelled || other.wasCancelled
    finishedAt = max(finishedAt, other.finishedAt)
  }
}
