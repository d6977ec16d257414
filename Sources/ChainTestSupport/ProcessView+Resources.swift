import CPlatform
import FoundationEssentials
import Glibc
package import KernelView

extension ProcessView {
  /// How many connections are established and wait to be accepted by whoever listens on the port: for a listening
  /// socket that is field 4 of its line, after the colon.
  package static func acceptQueue(port: Int) -> Int {
    for line in ProcFile.text("/proc/net/tcp").split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 4, fields[3] == "0A", let own = fields[1].split(separator: ":").last,
        Int(own, radix: 16) == port
      else { continue }
      return fields[4].split(separator: ":").last.flatMap { Int($0, radix: 16) } ?? 0
    }
    return 0
  }

  /// Numbers of the file descriptors that are open.
  package var openDescriptors: Set<Int> {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
    return Set(names.compactMap { Int($0) })
  }

  /// Leaves the process without a free file descriptor; those that are open stay.
  /// - Returns: whether that could be done.
  package func takeFreeDescriptors() -> Bool {
    let open = openDescriptors
    // A new descriptor gets the lowest number that is free, which must be below the limit.
    guard !open.isEmpty, let lowestFree = (0...open.count).first(where: { !open.contains($0) }) else { return false }
    return limitDescriptors(to: lowestFree)
  }

  /// Sets how many file descriptors the process may have from now on.
  /// - Returns: whether that could be done.
  package func limitDescriptors(to count: Int) -> Bool { chain_limit_descriptors(pid, UInt64(count)) == 0 }

  /// Sets how long a file the process may write from now on, which does to it what a full disk does.
  /// - Returns: whether that could be done.
  package func limitFileSize(to bytes: Int) -> Bool { chain_limit_file_size(pid, UInt64(bytes)) == 0 }
}
