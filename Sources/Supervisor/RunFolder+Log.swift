import Glibc
package import TraceLog

/// The live log stands in a folder to which only its owner has access. It is looked at until it has been saved, and never
/// again: whatever comes to stand there later is somebody else's.
extension RunFolder {
  /// The live log as long as there is one, then the saved one; nil for a run that was traced nowhere.
  package func logPath() throws(SupervisorError) -> String? {
    guard let live = try record().log else { return access(savedLogPath, F_OK) == 0 ? savedLogPath : nil }
    return Self.isOwn(live) ? live : savedLogPath
  }

  /// The logs to read the run from: this host's own, and the copies of those of other hosts. None for a run that was
  /// traced nowhere.
  package func logs() throws(SupervisorError) -> [LogSource] {
    let own = try logPath()
    guard access(hostsPath, F_OK) == 0 else { return own.map { [LogSource(path: $0)] } ?? [] }
    let isLive = try phase().isLive
    let names = try Folder.names(in: hostsPath).filter { $0.hasSuffix(".log") && $0.first != "." }.sorted()
    let hosts = names.map { name -> LogSource in
      let host = String(name.dropLast(4))
      return LogSource(path: "\(hostsPath)/\(name)", host: host, isLive: isLive && !RunFolder.isEarlier(host))
    }.filter { !isLive || $0.hasBegun }
    guard let own, hosts.isEmpty || access(own, F_OK) == 0 else { return hosts }
    return [LogSource(path: own)] + hosts
  }

  /// Reads them as one; nil where there is none.
  package func reader() throws -> LogReader? {
    let logs = try logs()
    return logs.isEmpty ? nil : try LogReader(logs)
  }

  /// Whether the log has not been saved yet.
  package func hasLiveLog() throws(SupervisorError) -> Bool {
    try record().log.map(Self.isOwn) ?? false
  }

  /// Makes the folder of the live log.
  package func makeLogFolder() throws(TraceLogError) {
    guard let record = try? record(), let live = record.log else { return }
    guard mkdir(Self.folder(of: live), 0o700) == 0 else {
      throw .cannotCreate(path: live, reason: String(cString: strerror(errno)))
    }
  }

  /// Moves the live log into this folder. Without a live log there is nothing to do.
  package func saveLog() throws(SupervisorError) {
    var record = try record()
    guard record.log != nil else { return }
    try saveLog(&record)
    try write(record)
  }

  /// Moves the live log into this folder, and notes in the record that it is there. A file that is not this run's log stays
  /// where it is and is not looked at again.
  /// - Throws: when it cannot be copied; it stays the live log then.
  func saveLog(_ record: inout RunRecord) throws(SupervisorError) {
    guard let live = record.log else { return }
    let folder = Self.folder(of: live)
    let descriptor: Int32
    do throws(TraceLogError) {
      descriptor = try open(live, in: folder)
    } catch {
      if access(live, F_OK) == 0 { record.failure = record.failure ?? "the trace log was not saved: \(error)" }
      record.log = nil
      rmdir(folder)
      return
    }
    defer { close(descriptor) }
    do throws(SupervisorError) {
      try SparseCopy.copy(live, descriptor, to: savedLogPath)
    } catch {
      guard case .file(let path, let doing, let reason) = error else { throw error }
      throw .file(
        path: path, doing: doing, reason: "\(reason); the trace log stays at \(live) until the next down saves it")
    }
    guard unlink(live) == 0 else { throw .system(live, "remove") }
    rmdir(folder)
    record.log = nil
  }

  private func open(_ live: String, in folder: String) throws(TraceLogError) -> Int32 {
    if let problem = OwnFile.problem(ofPrivateFolder: folder) {
      throw .cannotOpen(path: live, reason: "\(folder): \(problem)")
    }
    let found = try LogReader(path: live).runID
    guard found == id else { throw .notALog(path: live, reason: "it is that of run \(found), expected \(id)") }
    return try OwnFile.open(live, O_RDONLY)
  }

  private static func isOwn(_ live: String) -> Bool {
    OwnFile.problem(ofPrivateFolder: folder(of: live)) == nil && access(live, F_OK) == 0
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }
}
