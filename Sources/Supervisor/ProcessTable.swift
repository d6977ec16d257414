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

  /// The services of a run that are still there. They are told by the run's id, which no other process was given, and
  /// by their executable; so this also finds one whose supervisor was killed before it had written down the pid.
  package static func services(ofRun id: String, executables: some Collection<String>) -> [ProcessIdentity] {
    pids().compactMap { pid in
      let arguments = arguments(of: pid)
      guard let option = arguments.firstIndex(of: "--run-id"), arguments[(option + 1)...].first == id,
        arguments[..<option].contains(where: { executables.contains($0) })
      else { return nil }
      return ProcessIdentity(pid: pid)
    }
  }
}
