import CPlatform
import Glibc
package import TraceLog

/// What `/proc` says of other processes.
package enum ProcessTable {
  static func pids() -> [Int32] {
    ((try? Folder.names(in: "/proc")) ?? []).compactMap { Int32($0) }
  }

  /// Empty for a process that is gone.
  package static func arguments(of pid: Int32) -> [String] {
    guard let bytes = try? AtomicFile.read("/proc/\(pid)/cmdline") else { return [] }
    return bytes.split(separator: 0, omittingEmptySubsequences: true).map { String(decoding: $0, as: UTF8.self) }
  }

  /// On one line, and not too long for a message.
  package static func command(of pid: Int32) -> String {
    let words = arguments(of: pid).joined(separator: " ").split(whereSeparator: \.isNewline).joined(separator: " ")
    return words.count > 80 ? "\(words.prefix(79))…" : words
  }

  static func holds(socket inode: String, pid: Int32) -> Bool {
    let folder = "/proc/\(pid)/fd"
    return ((try? Folder.names(in: folder)) ?? []).contains { name in
      var target = [CChar](repeating: 0, count: 64)
      let count = readlink("\(folder)/\(name)", &target, target.count)
      return count > 0 && target[..<count].elementsEqual("socket:[\(inode)]".utf8.map(CChar.init))
    }
  }

  /// Whether it runs for this user: what a process of another one says of itself counts for nothing.
  static func isOurs(_ pid: Int32) -> Bool {
    var information = stat()
    return stat("/proc/\(pid)", &information) == 0 && information.st_uid == geteuid()
  }

  /// Whether it has ended and nobody has asked yet how: it holds nothing any more, but `ps` still shows it.
  static func isZombie(_ pid: Int32) -> Bool {
    guard let bytes = try? AtomicFile.read("/proc/\(pid)/stat"), let name = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return false }
    return bytes[name...].dropFirst(2).first == UInt8(ascii: "Z")
  }

  /// Asks processes to end, kills those that do not, and waits until they are gone, from `ps` too.
  /// - Parameters:
  ///   - processes: this user's.
  ///   - patience: until they are killed.
  /// - Throws: when one does not end even then.
  package static func end(_ processes: Set<ProcessIdentity>, patience: Duration) throws(SupervisorError) {
    guard !processes.isEmpty else { return }
    for (number, patience) in [(SIGTERM, patience), (SIGKILL, .seconds(5))] {
      for process in processes { ChildProcess(identity: process).signal(number) }
      guard Patience.wait(patience, until: { !processes.contains(where: \.isAlive) }) else { continue }
      // Those that are children of this process are collected here, the others by their parents, which may take a second:
      // a host without anybody who does so must not keep us.
      _ = Patience.wait(
        .seconds(3),
        until: {
          processes.allSatisfy { ChildProcess(identity: $0).poll() != nil || !isZombie($0.pid) }
        })
      return
    }
    throw .cannotStop(pids: processes.filter(\.isAlive).map(\.pid))
  }
}
