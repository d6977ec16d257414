import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

@Suite struct RunStoreTests {
  @Test func idsAreReadableAndSortByTime() {
    let moment = Date(timeIntervalSince1970: 1_795_442_709)
    let ids = [0, 0.0001, 0.5, 0.9999, 1].map { RunStore.id(at: moment.addingTimeInterval($0)) }
    #expect(ids[0] == "2026-11-23T14-05-09-0000")
    #expect(ids[2] == "2026-11-23T14-05-09-8000")
    #expect(ids == ids.sorted())
    #expect(Set(ids).count == ids.count)
  }

  @Test func aRunHoldsWhatItWasMadeOf() throws {
    let folder = try TemporaryFolder()
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    let record = try run.record()
    #expect(record.id == run.id)
    #expect(record.startedAt.prefix(10) == run.id.prefix(10))
    #expect(record.phase == .starting)
    #expect(record.seed.value == 7 && record.seed.users == 10)
    #expect(record.versions == ["chainlab": "test"])
    #expect(record.executables["gateway"] == "\(chain.binaries)/gateway")
    #expect(record.log?.hasPrefix("\(folder.path)/chainlab-\(run.id)-") == true)
    #expect(record.log != (try chain.makeRun().record().log))
    #expect(text(of: run.configurationPath) == String(decoding: chain.configuration, as: UTF8.self))
    #expect(try run.chain() == nil)
    #expect(try run.phase() == .starting)
  }

  @Test func runsAreFoundByTheBeginningOfTheirIDs() throws {
    let folder = try TemporaryFolder()
    let store = try RunStore(root: folder.path)
    #expect(throws: SupervisorError.noRuns(root: store.root)) { try store.find("latest") }
    let chain = try TestChain(in: folder)
    let runs = try (0..<3).map { _ in try chain.makeRun() }
    #expect(try store.list() == runs)
    #expect(try store.find("latest") == runs[2])
    #expect(try store.find(runs[0].id) == runs[0])
    #expect(try store.find(runs[1].id) == runs[1])
    let ids = runs.map(\.id)
    #expect(throws: SupervisorError.ambiguousRun(name: "20", matches: ids)) { try store.find("20") }
    #expect(throws: SupervisorError.noSuchRun(name: "1999", newest: ids.reversed())) { try store.find("1999") }
    #expect(throws: SupervisorError.noSuchRun(name: "", newest: ids.reversed())) { try store.find("") }
  }

  /// A simulation is no news of the chain: whoever asks what hangs is told of what hangs.
  @Test func whatIsSimulatedOrImportedIsNotTheLatest() throws {
    let folder = try TemporaryFolder()
    let store = try RunStore(root: folder.path)
    let only = try store.createImported(from: RunRecord.simulation, named: "what-if", versions: [:])
    #expect(try store.find("latest") == only)
    let chain = try TestChain(in: folder).makeRun()
    let simulated = try store.createImported(from: RunRecord.simulation, versions: [:])
    let imported = try store.createImported(from: "traces.json", versions: [:])
    #expect(try store.find("latest") == chain)
    #expect(try store.find("newest") == imported)
    #expect(try store.find("what-if") == only)
    #expect(try [simulated, imported].map { try $0.kind() } == [.simulated, .imported])
  }

  @Test func theBeginningOfOneIDIsEnough() throws {
    let folder = try TemporaryFolder()
    let store = try RunStore(root: folder.path)
    for id in ["2026-11-23T14-05-09-3f2a", "2026-11-24T14-05-09-3f2a"] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/runs/\(id)", withIntermediateDirectories: true)
    }
    #expect(try store.find("2026-11-23").id == "2026-11-23T14-05-09-3f2a")
    #expect(try store.find("2026-11-24T14").id == "2026-11-24T14-05-09-3f2a")
  }

  @Test func strangersInTheFolderAreNoRuns() throws {
    let folder = try TemporaryFolder()
    let run = try TestChain(in: folder).makeRun()
    _ = try folder.write("", to: "runs/notes.txt")
    _ = try folder.write("", to: "runs/.lock")
    #expect(try RunStore(root: folder.path).list() == [run])
  }

  @Test func currentLeadsToTheLatestRunAtEveryMoment() async throws {
    let folder = try TemporaryFolder()
    let store = try RunStore(root: folder.path)
    #expect(try store.current() == nil)
    let chain = try TestChain(in: folder)
    let first = try chain.makeRun()
    let second = try chain.makeRun()
    #expect(try store.current()?.id == second.id)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for round in 0..<500 { try store.makeCurrent(round % 2 == 0 ? first : second) } }
      group.addTask {
        for _ in 0..<500 {
          let current = try store.current()
          #expect(current != nil)
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aFolderThatCannotBeUsedIsOneClearError() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("", to: "file")
    #expect(throws: SupervisorError.file(path: "/no/such/folder", doing: "use", reason: "No such file or directory")) {
      try RunStore(root: "/no/such/folder")
    }
    #expect(throws: SupervisorError.file(path: file, doing: "use", reason: "it is no folder")) {
      try RunStore(root: file)
    }
    // Nobody can make a folder there, not even root.
    let chain = try TestChain(in: folder)
    let error = #expect(throws: SupervisorError.self) {
      try RunStore(root: "/proc").create(
        topology: chain.topology, configuration: [], executables: [:], versions: [:])
    }
    #expect(error?.description == "cannot create /proc/runs: No such file or directory")
    #expect(error?.exitCode == .storage)
  }

  @Test func aDamagedFileIsNamed() throws {
    let folder = try TemporaryFolder()
    let run = try TestChain(in: folder).makeRun()
    try AtomicFile.write(Array(#"{"id": 7"#.utf8), to: "\(run.path)/run.json")
    try AtomicFile.write(Array("[]".utf8), to: "\(run.path)/chain.json")
    let error = #expect(throws: SupervisorError.self) { try run.record() }
    #expect(error?.description.hasPrefix("\(run.path)/run.json is not what chainlab writes") == true)
    #expect(throws: SupervisorError.self) { try run.chain() }
    unlink("\(run.path)/run.json")
    #expect(throws: SupervisorError.damaged(path: run.path, reason: "it has no run.json")) { try run.record() }
  }

  @Test func resultsOfLoadAreNumbered() async throws {
    let folder = try TemporaryFolder()
    let run = try TestChain(in: folder).makeRun()
    let paths = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<12 { group.addTask { try run.saveLoadResult(Array("\(number)".utf8)) } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    let expected = (1...12).map { "\(run.path)/load-\($0).json" }
    #expect(paths == Set(expected))
    #expect(try run.loadResults() == expected)
    #expect(Set(expected.map { text(of: $0) }) == Set((0..<12).map(String.init)))
  }
}
