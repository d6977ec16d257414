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
    guard case .started(let ticks) = Self.look(at: pid) else { return nil }
    self.init(pid: pid, startTicks: ticks)
  }

  /// False only when the process is certainly gone: who takes a living one for dead overwrites what it is writing.
  package var isAlive: Bool {
    switch Self.look(at: pid) {
    case .gone: false
    case .unknown: true
    case .started(let ticks): startTicks == 0 || ticks == startTicks
    }
  }

  /// False as soon as it has been killed, however long a busy machine takes to end it: nothing can be asked of it then.
  package var isAtWork: Bool { isAlive && !Self.isKilled(pid) }

  /// Whether SIGKILL is among the signals that wait for the process; it stays there until the end.
  private static func isKilled(_ pid: Int32) -> Bool {
    guard let file = fopen("/proc/\(pid)/status", "re") else { return false }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 4096)
    let count = fread(&text, 1, text.count, file)
    let lines = String(decoding: text[..<count], as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix("ShdPnd:") }) else { return false }
    let pending = UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16) ?? 0
    return pending & 1 << (SIGKILL - 1) != 0
  }

  private enum Sight {
    case gone
    case started(UInt64)
    /// This process could not look, for want of a descriptor or of memory.
    case unknown
  }

  private static func look(at pid: Int32) -> Sight {
    guard let file = fopen("/proc/\(pid)/stat", "re") else {
      return errno == ENOENT || errno == ESRCH ? .gone : .unknown
    }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 1024)
    let count = fread(&line, 1, line.count, file)
    // The name in parentheses may hold anything; the fields start behind the last one.
    guard let end = line[..<count].lastIndex(of: UInt8(ascii: ")")) else { return .gone }
    let fields = String(decoding: line[(end + 1)..<count], as: UTF8.self).split(separator: " ")
    guard fields.count > 19, let threads = Int(fields[17]), let ticks = UInt64(fields[19]) else { return .unknown }
    // A zombie that still has threads is a process whose first thread has ended, or that is being killed just now.
    if fields[0] == "Z" || fields[0] == "X", threads <= 1 { return .gone }
    return .started(ticks)
  }
}
