/// Why an open loop did not have the rate that it was asked for. The raw value is its name in JSON.
package enum RateMiss: String, Codable, Hashable, Sendable {
  /// The generator's own process was stopped, or had too little of a processor.
  case generatorLate = "generator_late"
  /// As many requests were unanswered as the plan or the descriptors allow.
  case connectionsBounded = "connections_bounded"
  /// Requests were sent, or waited for a connection, and were not answered in time.
  case serverSlow = "server_slow"
  /// Requests were sent and failed.
  case requestsFailed = "requests_failed"

  /// Nil when as many were sent and answered as were due, but for what chance explains.
  /// - Parameter total: of a whole run.
  init?(_ total: LoopReport) {
    let measured = total.measured
    if Self.areMissing(measured.notSent - total.overdue, of: measured.due) {
      self = .connectionsBounded
    } else if Self.areMissing(measured.due - total.sentInWindow, of: measured.due) {
      self = total.late > total.held ? .generatorLate : .serverSlow
    } else if Self.areMissing(total.dueInSecondHalf - total.answeredInSecondHalf, of: total.dueInSecondHalf) {
      // The first half may have been the time that it takes until the first answer comes.
      self = measured.failed - (measured.byFailure[.timeout] ?? 0) > measured.due / 50 ? .requestsFailed : .serverSlow
    } else {
      return nil
    }
  }

  /// More than a fiftieth, and more than requests at either end of the time explain.
  private static func areMissing(_ count: Int, of due: Int) -> Bool {
    Double(count) > max(0.02 * Double(due), 3 * Double(due).squareRoot())
  }
}
