import FoundationEssentials
import Glibc
import Supervisor
import Testing
import TraceLog

/// On a machine with other users: what is of the runs is their owner's alone.
@Suite struct PrivacyTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    chmod(folder.path, 0o755)
  }

  private static func mode(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  private func openToOthers(below path: String) throws -> [String] {
    try Folder.names(in: path).flatMap { name -> [String] in
      let path = "\(path)/\(name)"
      var status = stat()
      guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFLNK else { return [] }
      let inner = status.st_mode & S_IFMT == S_IFDIR ? try openToOthers(below: path) : []
      return (status.st_mode & 0o077 == 0 ? [] : [path]) + inner
    }
  }

  @Test(.timeLimit(.minutes(1))) func nothingOfARunIsOpenToOthers() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    try await chain.supervised(run) { state in
      _ = try run.saveLoadResult([1])
      kill(state.supervisor.pid, SIGTERM)
    }
    #expect(access(run.savedLogPath, F_OK) == 0)
    #expect(Self.mode("\(folder.path)/runs") == 0o700)
    #expect(try openToOthers(below: "\(folder.path)/runs") == [])
  }

  @Test func theRunsOfAnOlderVersionAreClosedToOthers() throws {
    let runs = "\(folder.path)/runs"
    mkdir(runs, 0o755)
    let chain = try TestChain(in: folder)
    _ = try ChainLauncher(root: chain.root, binaries: chain.binaries).down()
    _ = try chain.makeRun()
    #expect(Self.mode(runs) == 0o700)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can be several users")) func anotherUserCannotTakeTheLock() async throws
  {
    let chain = try TestChain(in: folder)
    _ = try chain.makeRun()
    let launcher = try ChainLauncher(root: chain.root, binaries: chain.binaries)
    _ = try launcher.down()
    await #expect(processExitsWith: .success) { [root = folder.path as String] in
      #expect(setgid(65_534) == 0 && setuid(65_534) == 0)
      for flags in [O_RDONLY, O_RDWR] { #expect(open("\(root)/runs/.lock", flags) < 0 && errno == EACCES) }
      #expect(open("\(root)/runs", O_RDONLY) < 0 && errno == EACCES)
    }
  }

  @Test(.enabled(if: geteuid() == 0, "only root can be several users")) func theRunsOfAnotherUserAreNotUsed() throws {
    let runs = "\(folder.path)/runs"
    mkdir(runs, 0o755)
    chown(runs, 65_534, 65_534)
    let chain = try TestChain(in: folder)
    let error = #expect(throws: SupervisorError.self) { try chain.makeRun() }
    #expect(error?.description.contains("it belongs to user 65534, expected 0") == true)
    #expect(error?.exitCode == .storage)
    #expect(Self.mode(runs) == 0o755)
  }

  // MARK: A folder that is removed, a disk that takes nothing more

  /// As on a read-only disk: what is there can still be locked, and so the chain be stopped.
  @Test func aLockThatCannotBeWrittenIsTaken() async throws {
    let runs = "\(folder.path)/runs"
    mkdir(runs, 0o700)
    _ = try folder.write("", to: "runs/.lock")
    chmod("\(runs)/.lock", 0o400)
    if geteuid() == 0 { for path in [folder.path, runs, "\(runs)/.lock"] { chown(path, 65_534, 65_534) } }
    await #expect(processExitsWith: .success) { [root = folder.path as String] in
      if geteuid() == 0 { #expect(setgid(65_534) == 0 && setuid(65_534) == 0) }
      let store = try RunStore(root: root)
      for path in ["\(root)/runs/.lock", ""] {
        let first = try FolderLock.take(store, patience: .zero)
        #expect(throws: SupervisorError.busy(root: store.root)) {
          _ = try FolderLock.take(store, patience: .zero)
        }
        withExtendedLifetime(first) {}
        // Then without the file.
        unlink(path)
        chmod("\(root)/runs", 0o500)
      }
    }
    chmod(runs, 0o700)
  }

  @Test(.timeLimit(.minutes(1))) func aRunWhoseFolderIsRemovedIsFoundAgainAndStopped() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    try await chain.supervised(run) { state async throws in
      let services = state.services.compactMap(\.process?.identity)
      // In one step: to remove file after file would race with what makes them anew.
      #expect(rename("\(folder.path)/runs", "\(folder.path)/gone") == 0)
      let isBack = await eventually { (try? run.chain()?.phase) == .ready }
      #expect(isBack)
      #expect(try run.chain()?.services.compactMap(\.process?.identity) == services)
      #expect(text(of: run.configurationPath) == String(decoding: chain.configuration, as: UTF8.self))
      let launcher = try ChainLauncher(root: chain.root, binaries: chain.binaries)
      #expect(try launcher.chain()?.run == run)
      kill(state.supervisor.pid, SIGTERM)
    }
    #expect(try run.record().phase == .ended)
    #expect(try run.record().failure?.contains("its folder was removed while the chain ran") == true)
    #expect(access(run.savedLogPath, F_OK) == 0)
  }
}
