/// What OTLP/HTTP says about answers: which are final, and when to send a request again.
package struct OTLPRetry: Sendable {
  /// What to do after an answer.
  package enum Action: Hashable, Sendable {
    case done
    /// Done, and the collector refused a part of it: to send that again would not help.
    case partly(rejected: UInt64, message: String)
    case again(after: Duration)
    case giveUp(String)
  }

  /// What came of one attempt.
  package enum Outcome: Hashable, Sendable {
    /// retryAfter: the header's value, if there was one.
    case answered(status: Int, retryAfter: String?, body: [UInt8])
    /// No answer: refused, broken or timed out.
    case failed(String)
  }

  /// Attempts in all.
  package static let attemptLimit = 6
  private static let firstWait = Duration.seconds(1)
  private static let longestWait = Duration.seconds(30)
  /// What a collector may ask for.
  private static let longestDemand = Duration.seconds(120)

  private var attempts = 0

  package init() {}

  /// - Parameters:
  ///   - outcome: of the attempt just made.
  ///   - jitter: from 0 up to 1, drawn anew each time, so that many clients do not come back at once.
  /// - Returns: what to do now.
  package mutating func next(_ outcome: Outcome, jitter: Double) -> Action {
    attempts += 1
    switch outcome {
    case .answered(let status, _, let body) where (200..<300).contains(status): return Self.success(body)
    case .answered(let status, let retryAfter, let body):
      let reason = "the collector answered \(status)\(Self.message(body).map { ": \($0)" } ?? "")"
      guard [429, 502, 503, 504].contains(status) else { return .giveUp(reason) }
      return again(retryAfter, jitter, reason)
    case .failed(let reason): return again(nil, jitter, reason)
    }
  }

  private func again(_ retryAfter: String?, _ jitter: Double, _ reason: String) -> Action {
    guard attempts < Self.attemptLimit else { return .giveUp("\(reason); \(attempts) attempts") }
    // A date is left to the back-off: the two clocks need not agree.
    if let retryAfter, let seconds = Int64(retryAfter), seconds >= 0 {
      let demand = Duration.seconds(min(seconds, 100_000))
      return demand <= Self.longestDemand
        ? .again(after: demand) : .giveUp("\(reason); it asks for \(seconds) s of rest")
    }
    let wait = min(Self.firstWait * (1 << (attempts - 1)), Self.longestWait)
    return .again(after: wait * (0.5 + min(max(jitter, 0), 1) / 2))
  }

  private static func success(_ body: [UInt8]) -> Action {
    guard let value = try? JSONParser.parse(body[...]), let answer = try? DocumentRecord(value, at: ""),
      let partial = try? answer.record("partialSuccess")
    else { return .done }
    let rejected = (try? partial.unsigned("rejectedSpans")) ?? 0
    let message = (try? partial.text("errorMessage")) ?? ""
    return rejected == 0 && message.isEmpty ? .done : .partly(rejected: rejected, message: message)
  }

  /// An error's body is a Status: `{"message": …}`.
  private static func message(_ body: [UInt8]) -> String? {
    guard let value = try? JSONParser.parse(body[...]), let status = try? DocumentRecord(value, at: "") else {
      return nil
    }
    return (try? status.text("message")).map { String($0.prefix(200)) }
  }
}
