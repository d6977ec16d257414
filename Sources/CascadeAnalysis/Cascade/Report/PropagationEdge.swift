import ChainModel

/// How saturation went from a callee to its caller.
///
/// Keys: `callee`, `caller`, `kind`, `lag_ns` (caller's onset − callee's; absent for `slow_not_full`), `simultaneous`,
/// `held_share` (the caller's threads that were blocked on the callee at its onset), `caller_threads`, `callee_threads`
/// (absent for `slow_not_full`), `text` (a sentence with the reason, where the log shows one).
package struct PropagationEdge: Encodable, Hashable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    case propagated
    case callerFirst = "caller_first"
    case slowNotFull = "slow_not_full"
  }

  /// Onsets closer than this are told as one.
  static let epsilon: Int64 = 1_000_000

  package var callee: String
  package var caller: String
  package var kind: Kind
  package var lag: Int64?
  package var heldShare: Double
  package var callerThreads: Int
  package var calleeThreads: Int?
  /// The caller's threads that were in a call to the callee.
  package var calls: Int

  package var isSimultaneous: Bool { lag.map { abs($0) <= Self.epsilon } ?? false }

  package var text: String {
    let held = "\(FigureText.share(heldShare)) of \(caller)'s threads were blocked on \(callee)"
    guard let lag, kind != .slowNotFull else { return "\(held), which was slow but never saturated" }
    let time = FigureText.duration(lag.magnitude)
    guard kind == .callerFirst else {
      return "\(callee) ⇒ \(caller): \(isSimultaneous ? "at the same time" : "\(time) later"), when \(held)"
    }
    return "\(caller) was saturated \(time) before \(callee), when \(held): \(whyFirst)"
  }

  /// Only what the sizes of the pools and the calls under way show.
  private var whyFirst: String {
    let size = FigureText.count(callerThreads, "thread")
    guard let calleeThreads else { return "the log does not show why" }
    if callerThreads < calleeThreads { return "its pool is the smaller one (\(size), \(callee) has \(calleeThreads))" }
    if callerThreads == calleeThreads {
      return "both have \(size), so \(callee) had none to spare and nothing queued"
    }
    guard calls >= calleeThreads else { return "the log does not show why" }
    return "its load rose faster than \(callee) could take it up (\(FigureText.count(calls, "call")) under way to "
      + "\(FigureText.count(calleeThreads, "thread")))"
  }

  private enum CodingKeys: String, CodingKey {
    case callee, caller, kind, simultaneous, text
    case lag = "lag_ns"
    case heldShare = "held_share"
    case callerThreads = "caller_threads"
    case calleeThreads = "callee_threads"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(callee, forKey: .callee)
    try keys.encode(caller, forKey: .caller)
    try keys.encode(kind, forKey: .kind)
    try keys.encodeIfPresent(lag, forKey: .lag)
    try keys.encode(isSimultaneous, forKey: .simultaneous)
    try keys.encode(heldShare, forKey: .heldShare)
    try keys.encode(callerThreads, forKey: .callerThreads)
    try keys.encodeIfPresent(calleeThreads, forKey: .calleeThreads)
    try keys.encode(text, forKey: .text)
  }
}
