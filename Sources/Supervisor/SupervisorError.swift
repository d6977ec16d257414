import ChainModel
package import TraceLog

/// Why the chain could not be started, stopped or looked at.
package enum SupervisorError: Error, Hashable, Sendable {
  /// A folder or file could not be used. doing: "create", "write", …
  case file(path: String, doing: String, reason: String)
  /// A file of a run that is not what chainlab writes.
  case damaged(path: String, reason: String)
  case noRuns(root: String)
  case noSuchRun(name: String, newest: [String])
  case ambiguousRun(name: String, matches: [String])
  case executableMissing(path: String)
  /// More than this machine can run; nothing was started.
  case tooMany(processes: Int, most: Int, why: String)
  /// A service is called like a part of the lab.
  case reservedName(String)
  case cannotSpawn(path: String, reason: String)
  case portsInUse([TakenPort])
  /// Services of hosts that this machine is not, in words.
  case misplaced(String)
  case exitedEarly(service: String, end: ProcessEnd, lastLine: String, log: String)
  case notReady(services: [String], after: Duration, lastLine: String, log: String)
  case traceLog(TraceLogError)
  case alreadyRunning(runID: String)
  /// Another `up` or `down` of the same root is at work.
  case busy(root: String)
  /// What the supervisor's process reported before it ended.
  case supervisorFailed(message: String, exitCode: ExitCode)
  /// The supervisor's process ended without a report.
  case supervisorEnded(end: ProcessEnd?, lastLine: String, log: String)
  case cannotStop(pids: [Int32])
  /// By Ctrl-C, before the chain was ready.
  case interrupted
  /// The agent of a host of the run could not be asked, or refused.
  case host(String, AgentError)
  /// It was asked, and could not do it.
  case hostFailed(String, reason: String)
  case hostBusy(String, runID: String)
  /// Stopped here; of other hosts that is not known, in words.
  case hostsNotStopped([String])
  /// A service whose clients are not of the system.
  case cannotScale(service: String)
  /// Its host's agent does not pass that on.
  case cannotScaleThere(service: String, host: String)
  case noSupervisor(runID: String)
  /// found: what there is instead, in words.
  case notScaled(service: String, wish: Int, found: String, after: Duration)
}

extension SupervisorError {
  package var exitCode: ExitCode {
    switch self {
    case .file, .damaged, .traceLog, .executableMissing: .storage
    case .noRuns, .noSuchRun, .ambiguousRun: .noSuchRun
    case .portsInUse: .portInUse
    case .reservedName, .misplaced: .configuration
    case .exitedEarly, .notReady: .notReady
    case .alreadyRunning: .alreadyRunning
    case .supervisorFailed(_, let exitCode): exitCode
    case .notScaled: .notReady
    case .interrupted: .interrupted
    case .host(_, let error): error.exitCode
    case .hostFailed: .notReady
    case .hostBusy: .alreadyRunning
    case .hostsNotStopped: .unreachable
    case .cannotScale, .cannotScaleThere: .usage
    case .noSupervisor: .notRunning
    case .tooMany, .cannotSpawn, .busy, .supervisorEnded, .cannotStop: .failed
    }
  }
}

extension SupervisorError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let path, let doing, let reason): "cannot \(doing) \(path): \(reason)"
    case .damaged(let path, let reason):
      "\(path) is not what chainlab writes: \(reason); delete the run's folder if it is of no use"
    case .noRuns(let root): "there is no run in \(root)/runs yet; start the chain with: \(CommandHint("up"))"
    case .noSuchRun(let name, let newest):
      Typo.unknown(
        "run", name, among: ["latest", "newest"] + newest,
        expected: "latest, or the beginning of one of: \(newest.joined(separator: ", "))")
    case .ambiguousRun(let name, let matches):
      "'\(name)' is the beginning of \(matches.count) runs: \(matches.joined(separator: ", ")); add more of the name"
    case .executableMissing(let path): "\(path) is not there, or cannot be executed; build it with: make build"
    case .tooMany(let processes, let most, let why):
      "\(processes) services cannot run here, at most \(most) can: \(why); nothing was started"
    case .reservedName(let name):
      "services.\(name): found the name of a part of the lab, expected another one: the log could not tell them apart"
    case .misplaced(let words): words
    case .cannotSpawn(let path, let reason): "cannot start \(path): \(reason)"
    case .portsInUse(let ports):
      "\(ports.map(\.description).joined(separator: "\n"))\n"
        + "nothing was started; stop what uses the port, or choose another one in services.yaml, or with --set SERVICE.port=PORT"
    case .traceLog(let error): error.description
    case .alreadyRunning(let runID):
      "the chain is running already (run \(runID)) with another services.yaml, or for another host; stop it first with: \(CommandHint("down"))"
    case .busy(let root): "another up or down is at work in \(root); wait until it has ended"
    case .exitedEarly(let service, let end, let lastLine, let log):
      "\(service) ended with \(end) before it was ready\(Self.said(lastLine)); all it wrote is in \(log)"
    case .notReady(let services, let after, let lastLine, let log):
      "\(services.joined(separator: ", ")) did not become ready within \(FigureText.duration(after))"
        + "\(Self.said(lastLine)); see \(log)"
    case .supervisorFailed(let message, _): message
    case .supervisorEnded(let end, let lastLine, let log):
      "the supervisor ended\(end.map { " with \($0)" } ?? "") before the chain was ready\(Self.said(lastLine)); see \(log)"
    case .cannotScale(let service):
      "\(service) cannot be scaled: its clients would have to balance their requests over its replicas, and nothing in "
        + "front of it does; scale a service behind it, or give it more threads, such as: \(CommandHint("pool \(service) threads=32"))"
    case .cannotScaleThere(let service, let host):
      "\(service) is on host \(host), whose agent starts as many replicas as services.yaml says and no more; set "
        + "services.\(service).replicas there, and start the chain anew"
    case .noSupervisor(let runID):
      "the supervisor of run \(runID) has died, and nobody else starts replicas; clean up with: \(CommandHint("down"))"
    case .notScaled(let service, let wish, let found, let after):
      "\(service) does not have \(wish) replicas after \(FigureText.duration(after)): \(found)"
    case .host(let name, let error): "host \(name): \(error)"
    case .hostFailed(let name, let reason): "host \(name): \(reason)"
    case .hostBusy(let name, let runID):
      "host \(name) has another run already (\(runID)); stop it there with: \(CommandHint("down")), or start this one with "
        + "--replace"
    case .hostsNotStopped(let reasons):
      "stopped here, but not everywhere: \(reasons.joined(separator: "; ")); stop it on that host with: \(CommandHint("down"))"
    case .interrupted: "interrupted before the chain was ready; what had been started is stopped"
    case .cannotStop(let pids):
      "these processes of the chain do not end, even when killed: \(pids.map(String.init).joined(separator: ", "))"
    }
  }

  private static func said(_ line: String) -> String { line.isEmpty ? "" : ": \(line)" }
}
