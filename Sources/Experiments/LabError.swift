import ChainModel
package import Supervisor
package import Topology

/// Why something cannot be done with this lab, its runs or its chain; each has its exit code.
package enum LabError: Error, CustomStringConvertible {
  /// Why a run has no log.
  package static func withoutLog(_ run: RunFolder) -> LabError {
    guard let origin = try? run.record().origin else { return .noLog(run: run.id) }
    return .cutOff(run: run.id, origin: origin)
  }

  /// Why a service takes no orders here.
  package static func notStarted(_ service: ServiceConfiguration) -> LabError {
    let name = service.name.rawValue
    return service.url.map { LabError.elsewhere(name, $0.url) } ?? .onOtherHost(name, host: service.host)
  }

  case notRunning
  case noLog(run: String)
  case cutOff(run: String, origin: String)
  case noThreads(run: String)
  case noSuchService(String, among: [String])
  case elsewhere(String, String)
  case onOtherHost(String, host: String)
  case noSuchCall(String, String)
  case noSuchTrace(String)
  case ambiguousTrace(String, [String])
  case noMatch(String)
  case noSamples
  case pageNotServed(Int, TakenPort.Reason)
  case damagedCosts(path: String)
  case notMeasured(run: String, origin: String)
  case noLoad(run: String)
  case unknownPaths(run: String, load: Int, paths: [String])
  case loadTooLong(run: String, load: Int, requests: Int, most: Int)

  package var exitCode: Supervisor.ExitCode {
    switch self {
    case .notRunning: .notRunning
    case .noLog, .cutOff, .damagedCosts: .storage
    case .noSuchService, .elsewhere, .onOtherHost, .noSuchCall: .usage
    case .noThreads, .noSuchTrace, .noMatch, .noSamples: .nothingFound
    case .ambiguousTrace: .usage
    case .notMeasured, .noLoad, .unknownPaths, .loadTooLong: .failed
    case .pageNotServed(_, let reason): reason.isTaken ? .portInUse : .failed
    }
  }

  package var description: String {
    switch self {
    case .notRunning: "the chain is not running; start it with: \(CommandHint("up"))"
    case .noLog(let run): "run \(run) was traced nowhere: trace_log.enabled was false in its services.yaml"
    case .cutOff(let run, let origin):
      "run \(run) has no log: \(origin == RunRecord.simulation ? "its simulation" : "its import from \(origin)") was "
        + "cut off before it was complete; do that again, or name another run (see: \(CommandHint("runs")))"
    case .noThreads(let run):
      "run \(run) needs threads for this, which the file that it was imported from does not tell; see: "
        + "\(CommandHint("cascade"))"
    case .noSuchService(let name, let names):
      Typo.unknown(
        "service", name, among: ["all"] + names,
        expected:
          "all, one of \(names.joined(separator: ", ")), a pattern such as '\(names.first?.prefix(1) ?? "")*', or a replica "
          + "that runs, such as \(names.last ?? "service")-2")
    case .elsewhere(let service, let url):
      "\(service) runs elsewhere, at \(url): it is only called and takes no orders; change who calls it, with: "
        + "\(CommandHint("policy all \(service) timeout=500ms"))"
    case .onOtherHost(let service, let host):
      "\(service) runs on host \(host), and takes orders there alone: give the same command on that host"
    case .noSuchCall(let caller, let callee):
      (callee == "all" ? "\(caller) calls no other service" : "\(caller) calls no \(callee)")
        + ": expected a service and one that it calls; see: \(CommandHint("policy all all"))"
    case .noSuchTrace(let id):
      "no trace in the log has an id that begins with '\(id)'; see: \(CommandHint("trace list"))"
    case .ambiguousTrace(let id, let matches):
      "'\(id)' is the beginning of more than one trace: \(matches.joined(separator: ", ")); add more of the id"
    case .noMatch(let what): what
    case .pageNotServed(let port, let reason):
      "the page cannot be served on port \(port): \(reason.text); choose another port with --port"
    case .damagedCosts(let path):
      "\(path) is not what chainlab writes: expected costs of 0 to 1 s by IO model; measure them again with: "
        + "\(CommandHint("predict --calibrate"))"
    case .notMeasured(let run, let origin):
      "run \(run) comes from \(origin), expected one of a chain that ran, with its services.yaml and load; "
        + "see: \(CommandHint("runs"))"
    case .noLoad(let run):
      "run \(run) keeps no load, expected at least one; send one with: \(CommandHint("load --rate 50 --duration 10s"))"
    case .unknownPaths(let run, let load, let paths):
      "run \(run), load \(load) cannot be simulated: found \(paths.joined(separator: ", ")), expected paths that its "
        + "services.yaml describes"
    case .loadTooLong(let run, let load, let requests, let most):
      "run \(run), load \(load) cannot be simulated: found \(requests) requests, expected fewer than \(most)"
    case .noSamples:
      "the log holds no samples of the kernel's view, which a running chain alone has; take some with: "
        + "\(CommandHint("verify --for 10s"))"
    }
  }
}
