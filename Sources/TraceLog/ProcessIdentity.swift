import Glibc

/// A process, told apart from a later one with the same pid by its start time.
package struct ProcessIdentity: Hashable, Codable, Sendable {
  package var pid: Int32
  /// Clock ticks since boot (`/proc/<pid>/stat`, field 22).
  package var startTicks: UInt64

  package init(pid: Int32, startTicks: UInt64) {
    self.pid = pid
    self.startTicks = startTicks
  }

  package static let current = ProcessIdentity(pid: getpid()) ?? ProcessIdentity(pid: getpid(), startTicks: 0)

  /// Nil when there is no such process, or only its zombie.
  package init?(pid: Int32) {
    guard let file = fopen("/proc/\(pid)/stat", "re") else { return nil }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 1024)
    let count = fread(&line, 1, line.count, file)
    // The name in parentheses may hold anything; the fields start behind the last one.
    guard let end = line[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = String(decoding: line[(end + 1)..<count], as: UTF8.self).split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let ticks = UInt64(fields[19]) else { return nil }
    self.init(pid: pid, startTicks: ticks)
  }

  package var isAlive: Bool { ProcessIdentity(pid: pid) == self }
}
