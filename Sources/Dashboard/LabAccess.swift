package import CascadeAnalysis
package import ChainModel
package import Topology
package import TraceLog

/// What the page needs of the lab that holds it: its runs, and somebody who carries out the commands that it shows.
package protocol LabAccess: Sendable {
  /// Newest first.
  func runs() throws -> [RunEntry]
  /// Where the logs of a run are now: one, or one of each host.
  /// - Throws: an error whose description says that there is no such run, or that it was not traced.
  func logs(run: String) throws -> [LogSource]
  /// The chain that runs now; nil if none does.
  func chain() -> ChainEntry?
  /// Asks a service for `/ping`.
  /// - Returns: how it ended.
  func ping(_ service: Endpoint) async -> PingOutcome
  /// The `services.yaml` of the chain that runs; the root's if none does.
  func topology() throws -> Topology
  /// What commands will do, before they are given.
  func forecast(_ query: ForecastQuery) async throws -> Forecast
  /// What got slow or broke between two runs, and what changed.
  func compare(_ a: String, _ b: String) async throws -> WindowComparison
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
  /// None for a run that is traced nowhere.
  package var logs: [LogSource]
  /// The service that clients ask, and where it takes requests.
  package var front: String
  package var frontEndpoint: Endpoint

  package init(runID: String, logs: [LogSource], front: String, at endpoint: Endpoint) {
    self.runID = runID
    self.logs = logs
    self.front = front
    frontEndpoint = endpoint
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

  /// With the end of what it said: whole lines, as many as are told again and again.
  var shortened: CommandOutcome {
    let most = 2_000
    guard output.utf8.count > most else { return self }
    let end = String(decoding: output.utf8.suffix(most), as: UTF8.self)
    return CommandOutcome(
      command: command, exitCode: exitCode,
      output: end.firstIndex(of: "\n").map { String(end[$0...].dropFirst()) } ?? end)
  }

  private enum CodingKeys: String, CodingKey {
    case command, output
    case exitCode = "exit_code"
  }
}
