import Glibc

/// How much of the host's processors nobody used between two looks, from `/proc/stat`.
package struct HostIdle {
  package init() {}

  private var idle: UInt64 = 0
  private var all: UInt64 = 0

  /// - Returns: the share since the last look, 0 to 1; nil at the first one, and where the kernel does not tell.
  package mutating func look() -> Double? {
    guard let (idle, all) = Self.ticks() else { return nil }
    defer { (self.idle, self.all) = (idle, all) }
    guard self.all > 0, all > self.all, idle >= self.idle else { return nil }
    return Double(idle - self.idle) / Double(all - self.all)
  }

  /// The first line: `cpu`, then ticks by state, of which the fourth is idle and the fifth waits for a disk.
  private static func ticks() -> (idle: UInt64, all: UInt64)? {
    guard let file = fopen("/proc/stat", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    guard fgets(&line, Int32(line.count), file) != nil else { return nil }
    let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let fields = text.split(separator: " ").dropFirst().prefix(8).compactMap { UInt64($0.filter(\.isNumber)) }
    guard fields.count >= 5 else { return nil }
    return (fields[3] + fields[4], fields.reduce(0, +))
  }
}
