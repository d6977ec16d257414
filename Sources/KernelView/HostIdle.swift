/// How much of the host's processors nobody used between two looks, from `/proc/stat`.
package struct HostIdle {
  private var idle: UInt64 = 0
  private var all: UInt64 = 0

  package init() {}

  /// - Returns: the share since the last look, 0 to 1; nil at the first one, and where the kernel does not tell.
  package mutating func look() -> Double? {
    // The first line: `cpu`, then ticks by state, of which the fourth is idle and the fifth waits for a disk.
    let line = ProcFile.text("/proc/stat").prefix { $0 != "\n" }
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0) }
    guard ticks.count >= 5 else { return nil }
    let (idle, all) = (ticks[3] + ticks[4], ticks.reduce(0, +))
    defer { (self.idle, self.all) = (idle, all) }
    guard self.all > 0, all > self.all, idle >= self.idle else { return nil }
    return Double(idle - self.idle) / Double(all - self.all)
  }
}
