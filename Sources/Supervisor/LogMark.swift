import CPlatform
import Glibc

/// A link beside a live log that leads to its run's folder. When a supervisor was killed and the runs were removed, it is
/// all that tells to whom the log has belonged.
struct LogMark: Hashable {
  /// Of the log.
  let log: String

  private var path: String { "\(log).run" }

  /// Where live logs stand, unless `services.yaml` says something else.
  static let standardFolder = "/dev/shm"

  func set(_ run: RunFolder) { symlink(run.path, path) }

  func remove() { unlink(path) }

  /// The marked logs of runs of a root that are not there any more. In the folder stand the logs themselves, or a folder
  /// for each of them.
  static func orphans(in folder: String, root: String) -> [LogMark] {
    let names = ((try? Folder.names(in: folder)) ?? []).filter { $0.hasPrefix("chainlab-") }
    return names.flatMap { ["\(folder)/\($0)", "\(folder)/\($0)/trace.log.run"] }.compactMap { path in
      guard path.hasSuffix(".run"), let run = target(of: path), run.hasPrefix("\(root)/runs/"), access(run, F_OK) != 0
      else { return nil }
      return LogMark(log: String(path.dropLast(4)))
    }
  }

  /// Removes the log, and a folder that it had for itself.
  func sweep() {
    unlink(log)
    remove()
    if let slash = log.lastIndex(of: "/"), log.hasSuffix("/trace.log") { rmdir(String(log[..<slash])) }
  }

  /// Nil for a link that is not this user's: anybody may plant one.
  private static func target(of path: String) -> String? {
    var information = stat()
    guard lstat(path, &information) == 0, information.st_uid == geteuid() else { return nil }
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

extension RunFolder {
  /// Moves the live log into this folder, and takes its mark away.
  func moveLog() throws(SupervisorError) {
    let mark = try record().log.map(LogMark.init)
    mark?.remove()
    do throws(SupervisorError) {
      try saveLog()
    } catch {
      mark?.set(self)
      throw error
    }
  }
}
