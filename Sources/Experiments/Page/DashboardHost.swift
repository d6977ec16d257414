package import CascadeAnalysis
package import ChainModel
package import Dashboard
import EventLoop
import FoundationEssentials
import Glibc
import Lessons
import Supervisor
import Synchronization
package import Topology
package import TraceLog

/// The lab as the page sees it.
package final class DashboardHost: LabAccess {
  private let lab: LabFolder
  private let children = Mutex<[[String]: ChildProcess]>([:])
  // What may wait or take long has a thread of its own each: none holds up another, or the page.
  private let pinging = LoopThread("page-ping")
  private let reckoning = LoopThread("page-forecast")
  /// It never ends, as a task's thread may: with its thread would end what was started from it.
  private let starting = LoopThread("page-start")

  package init(lab: LabFolder) {
    self.lab = lab
  }

  package func runs() throws -> [RunEntry] {
    try RunStore(root: lab.folder).list().reversed().compactMap { run in
      // One damaged folder hides no other.
      guard let record = try? run.record(), let phase = try? run.phase() else { return nil }
      return RunEntry(id: run.id, phase: phase.rawValue, startedAt: record.startedAt, endedAt: record.endedAt)
    }
  }

  package func lessons() throws -> [LessonEntry] {
    let store = LessonStore(root: lab.folder)
    return try LessonBook.lessons().map { lesson in
      // The full runs, or if there are none the quick ones.
      for isQuick in [false, true] {
        let results = store.results(lesson, seeds: isQuick ? 1 : lesson.seeds, quick: isQuick)
        guard !results.isEmpty else { continue }
        return LessonEntry(lesson, outcome: LessonOutcome(lesson, results, quick: isQuick), isQuick: isQuick)
      }
      return LessonEntry(lesson, outcome: nil, isQuick: true)
    }
  }

  package func logs(run: String) throws -> [LogSource] {
    let folder = try RunStore(root: lab.folder).find(run)
    let logs = try folder.logs()
    guard !logs.isEmpty else { throw LabError.withoutLog(folder) }
    return logs
  }

  package func chain() -> ChainEntry? {
    guard let chain = try? lab.launcher().chain() else { return nil }
    let services = chain.state.services
    let front = (try? Topology.load(path: chain.run.configurationPath))?.front.name
    guard let service = services.first(where: { $0.name == front }) ?? services.first else { return nil }
    return ChainEntry(
      runID: chain.run.id, logs: (try? chain.run.logs()) ?? [], front: service.name.rawValue, at: service.endpoint)
  }

  package func ping(_ service: Endpoint) async -> PingOutcome {
    let outcome = try? await pinging.run { () -> PingOutcome in
      do throws(ControlError) {
        let client = ControlClient(ReplicaName(""), at: service, timeout: .seconds(30))
        return .answered(status: try client.get("/ping").status)
      } catch {
        if case .timeout = error { return .timedOut }
        return .unreachable
      }
    }
    return outcome ?? .unreachable
  }

  package func topology() throws -> Topology {
    try lab.topology()
  }

  package func forecast(_ query: ForecastQuery) async throws -> Forecast {
    try await reckoning.run { [self] () -> Forecast in
      var settings = ForecastSettings(try topology())
      if query.base == .now { try takeOver(&settings) }
      for words in query.commands { settings.apply(words) }
      return try PageForecast(settings, costs: try StepCostStore(root: lab.folder).table()).forecast()
    }
  }

  /// How the running chain is set: as it was started, where a replica does not answer.
  private func takeOver(_ settings: inout ForecastSettings) throws {
    guard let chain = try lab.launcher().chain() else { return }
    let replicas = chain.state.services.filter { ![.draining, .stopped].contains($0.state) }
    for (service, all) in Dictionary(grouping: replicas, by: \.name) { settings.setReplicas(service, all.count) }
    for replica in replicas {
      guard let status = try? ControlClient(replica.replica, port: replica.controlPort).status() else { continue }
      settings.take(status, of: replica.replica)
    }
  }

  package func compare(_ a: String, _ b: String) async throws -> WindowComparison {
    let store = try RunStore(root: lab.folder)
    return try ComparedSource.compare(
      [try ComparedSource(run: store.find(a))], [try ComparedSource(run: store.find(b))], slices: 10)
  }

  package func perform(_ words: [String]) async -> CommandOutcome {
    let output = FileManager.default.temporaryDirectory.appending(path: "chainlab-page-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: output) }
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = lab.folder
    let command = Command(
      executable: "\(LabFolder.binaries)/chainlab", arguments: words, environment: environment, output: output,
      endsWithParent: SIGINT)
    let text = words.joined(separator: " ")
    do {
      let child = try await starting.run { try command.spawn() }
      children.withLock { $0[words] = child }
      defer { children.withLock { _ = $0.removeValue(forKey: words) } }
      let end = await child.exitCode()
      let said = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
      return CommandOutcome(command: text, exitCode: end, output: said)
    } catch {
      return CommandOutcome(command: text, exitCode: 1, output: "\(error)")
    }
  }

  /// Ends what still runs: a load must not outlive its page.
  package func interruptAll() {
    children.withLock { for child in $0.values { child.signal(SIGINT) } }
  }

  package func interrupt(_ words: [String]) {
    children.withLock { $0[words]?.signal(SIGINT) }
  }
}
