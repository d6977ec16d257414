/// What an agent says of its host: `GET /status`.
package struct AgentStatus: Codable, Hashable, Sendable {
  /// Of chainlab.
  package var version: String
  /// The run that is there now, or was last; nil before any.
  package var run: Run?
  /// Whether it is starting or stopping a run.
  package var isBusy: Bool
  /// Of what it was asked to start and could not, in words.
  package var failure: String?
  /// Requests without a token, or with a wrong one.
  package var refusedTokens: Int
  /// Its clocks, in nanoseconds: since boot, and of the day.
  package var monotonic: UInt64
  package var wall: UInt64

  /// One of its runs.
  package struct Run: Codable, Hashable, Sendable {
    package var id: String
    package var phase: ChainPhase
    /// Which of the described hosts it is; nil for a run that knows of none.
    package var host: String?
    package var services: [ChainState.Service]

    enum CodingKeys: String, CodingKey {
      case phase, host, services
      case id = "run_id"
    }
  }

  enum CodingKeys: String, CodingKey {
    case version, run, failure
    case isBusy = "is_busy"
    case refusedTokens = "refused_tokens"
    case monotonic = "monotonic_ns"
    case wall = "wall_ns"
  }
}
