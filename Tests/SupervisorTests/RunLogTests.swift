import FoundationEssentials
import Glibc
import Supervisor
import Testing
import TraceLog

/// The live log of a run stands where other users can put things too; they must not get at it, nor into its place.
@Suite struct RunLogTests {
  private let folder: TemporaryFolder
  private var chain: TestChain
  private let run: RunFolder
  private let live: String

  init() throws {
    folder = try TemporaryFolder()
    chain = try TestChain(in: folder)
    run = try chain.makeRun()
    live = try #require(try run.record().log)
  }

  private var place: String { String(live.dropLast("/trace.log".count)) }

  private func writeLog() throws {
    try run.makeLogFolder()
    try LogWriter.create(path: live, sizeMiB: 16, runID: run.id)
  }

  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode : 0
  }

  @Test func theLogIsTheLiveOneUntilItIsSaved() throws {
    try writeLog()
    #expect(try run.logPath() == live)
    #expect(try run.hasLiveLog())
    try run.saveLog()
    #expect(try run.logPath() == run.savedLogPath)
    #expect(try run.hasLiveLog() == false)
    #expect(try LogReader(path: run.savedLogPath).snapshot().runID == run.id)
    #expect(access(place, F_OK) != 0)
    #expect(try run.record().log == nil)
    try run.saveLog()
    #expect(try run.logPath() == run.savedLogPath)
    var untraced = chain
    untraced.isTraced = false
    #expect(try untraced.makeRun().logPath() == nil)
  }

  /// Each under the name of its host, beside this host's own.
  @Test func theLogsOfOtherHostsBelongToTheRun() throws {
    try writeLog()
    #expect(try run.logs() == [LogSource(path: live)])
    #expect(mkdir(run.hostsPath, 0o700) == 0)
    for host in ["green", "blue"] {
      try LogWriter.create(path: "\(run.hostsPath)/\(host).log", sizeMiB: 16, runID: run.id)
    }
    // Of one, nothing has come yet.
    try Data(count: 100_000).write(to: URL(filePath: "\(run.hostsPath)/red.log"))
    try Data("{}".utf8).write(to: URL(filePath: "\(run.hostsPath)/green.json"))
    let logs = try run.logs()
    #expect(logs.map(\.host) == [nil, "blue", "green"] && logs.dropFirst().allSatisfy(\.isLive))
    let log = try #require(try run.reader()).snapshot()
    #expect(log.hosts.map(\.name) == ["here", "blue", "green"])

    var record = try run.record()
    record.phase = .ended
    try run.write(record)
    try run.saveLog()
    #expect(try run.logs().map(\.host) == [nil, "blue", "green", "red"] && run.logs().allSatisfy { !$0.isLive })
    let ended = try #require(try run.reader()).snapshot()
    #expect(ended.hosts.count == 3 && ended.loss.text.contains("nothing comes from red"))
  }

  @Test func theLiveLogIsItsOwnersAlone() throws {
    try writeLog()
    #expect(mode(place) == S_IFDIR | 0o700)
    #expect(mode(live) == S_IFREG | 0o600)
  }

  enum Plant: String, CaseIterable {
    case file, log, fifo, link, folder
  }

  private func put(_ plant: Plant, at path: String) throws {
    switch plant {
    case .file: try AtomicFile.write(Array("planted".utf8), to: path)
    case .log: try LogWriter.create(path: path, sizeMiB: 16, runID: "another")
    case .fifo: mkfifo(path, 0o666)
    case .link: symlink(try folder.write("private", to: "private"), path)
    case .folder: mkdir(path, 0o777)
    }
  }

  /// Before 13: what was put there when the run had ended was copied over its saved trace by the next up or down.
  @Test(.timeLimit(.minutes(1)), arguments: Plant.allCases)
  func whatIsPutInTheLogsPlaceAfterwardsIsNotLookedAt(plant: Plant) throws {
    try writeLog()
    try run.saveLog()
    mkdir(place, 0o755)
    try put(plant, at: live)
    let before = mode(live)
    let launcher = try ChainLauncher(root: chain.root, binaries: chain.binaries)
    for _ in 0..<2 { _ = try launcher.down() }
    #expect(try run.logPath() == run.savedLogPath)
    #expect(try LogReader(path: run.savedLogPath).snapshot().runID == run.id)
    #expect(mode(live) == before, "what was planted is gone")
  }

  /// Even within the folder of the log, only a log of the run is taken for one.
  @Test(.timeLimit(.minutes(1)), arguments: Plant.allCases)
  func whatIsNoLogOfTheRunIsNotSaved(plant: Plant) throws {
    try run.makeLogFolder()
    try put(plant, at: live)
    try run.saveLog()
    #expect(access(run.savedLogPath, F_OK) != 0)
    #expect(try run.record().log == nil)
    #expect(try run.record().failure?.hasPrefix("the trace log was not saved: ") == true)
    #expect(mode(live) != 0, "it is gone")
  }

  @Test(arguments: [0o755, 0o770, 0o701]) func aLogInAFolderThatOthersCanEnterIsNotTrusted(mode: mode_t) throws {
    try writeLog()
    chmod(place, mode)
    #expect(try run.logPath() == run.savedLogPath)
    #expect(try run.hasLiveLog() == false)
    try run.saveLog()
    #expect(access(run.savedLogPath, F_OK) != 0)
    #expect(try run.record().failure?.contains("other users have access to it") == true)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can be several users"), arguments: [true, false])
  func aLogOfAnotherUserIsNotTrusted(isFolder: Bool) throws {
    try writeLog()
    #expect(chown(isFolder ? place : live, 65_534, 65_534) == 0)
    try run.saveLog()
    #expect(access(run.savedLogPath, F_OK) != 0)
    #expect(try run.record().failure?.contains("it belongs to user 65534, not to 0") == true)
    if !isFolder { #expect(throws: TraceLogError.self) { try LogWriter(path: live, name: "x") } }
  }

  @Test func aFolderThatStandsInTheWayIsNotUsed() throws {
    mkdir(place, 0o700)
    #expect(throws: TraceLogError.cannotCreate(path: live, reason: "File exists")) { try run.makeLogFolder() }
  }

  @Test func nobodyWritesIntoALink() throws {
    try writeLog()
    let link = "\(folder.path)/link"
    symlink(live, link)
    #expect(throws: TraceLogError.cannotOpen(path: link, reason: "it is a link")) {
      try LogWriter(path: link, name: "x")
    }
  }
}
