package import CascadeAnalysis

/// What the page needs of the lab that holds it: its runs, and somebody who carries out the commands that it shows.
package protocol LabAccess: Sendable {
  /// Newest first.
  func runs() throws -> [RunEntry]
  /// Where the log of a run is now.
  /// - Throws: an error whose description says that there is no such run, or that it was not traced.
  func logPath(run: String) throws -> String
  /// The chain that runs now; nil if none does.
  func chain() -> ChainEntry?
  /// Asks for `/ping` at a port of this host.
  /// - Returns: whether an answer came.
  func ping(port: Int) async -> Bool
  /// What changed between two runs.
  func compare(_ a: String, _ b: String) async throws -> RunComparison
  /// The lessons, with what was measured of them here.
  func lessons() throws -> [LessonEntry]
  /// Carries out `chainlab` with these words, and waits for its end.
  func perform(_ words: [String]) async -> CommandOutcome
  /// Asks a command that is being carried out to end early.
  func interrupt(_ words: [String])
}

/// A run that is kept. Keys: `id`, `phase`, `started_at`, `ended_at`.
package struct RunEntry: Encodable, Sendable {
  package var id: String
  package var phase: String
  package var startedAt: String
  package var endedAt: String?

  package init(id: String, phase: String, startedAt: String, endedAt: String?) {
    self.id = id
    self.phase = phase
    self.startedAt = startedAt
    self.endedAt = endedAt
  }

  private enum CodingKeys: String, CodingKey {
    case id, phase
    case startedAt = "started_at"
    case endedAt = "ended_at"
  }
}

/// The chain that runs.
package struct ChainEntry: Hashable, Sendable {
  package var runID: String
  package var logPath: String?
  /// Where the gateway takes requests.
  package var gatewayPort: Int

  package init(runID: String, logPath: String?, gatewayPort: Int) {
    self.runID = runID
    self.logPath = logPath
    self.gatewayPort = gatewayPort
  }
}

/// How a command ended. Keys: `command` (as one would type it), `exit_code`, `output` (all that it said).
package struct CommandOutcome: Encodable, Sendable {
  package var command: String
  package var exitCode: Int
  package var output: String

  package init(command: String, exitCode: Int, output: String) {
    self.command = command
    self.exitCode = exitCode
    self.output = output
  }

  private enum CodingKeys: String, CodingKey {
    case command, output
    case exitCode = "exit_code"
  }
}
