import FoundationEssentials
import Glibc

/// What the kernel says of a process and its threads, from `/proc` alone. Needs what a debugger needs: the process is
/// ours, or we are root.
package struct KernelView: Sendable {
  package let pid: Int32

  package init(pid: Int32) {
    self.pid = pid
  }

  /// `Threads` in `/proc/<pid>/status`; 0 when the process is gone.
  package var threads: Int {
    for line in Self.text("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("Threads:") {
      return Int(line.dropFirst(8).filter { $0 != "\t" && $0 != " " }) ?? 0
    }
    return 0
  }

  /// The ports at the other end of the TCP sockets that the thread waits on right now.
  /// - Returns: nothing when it waits neither in `poll(2)` nor in a receiving call.
  package func awaitedPorts(thread: UInt32) -> [Int] {
    let waitsOn = descriptors(thread: thread)
    guard !waitsOn.isEmpty else { return [] }
    let peers = peerPorts()
    return waitsOn.compactMap { inode(of: $0).flatMap { peers[$0] } }
  }

  /// The call that the thread is in, as `/proc/<pid>/task/<tid>/syscall` has it: a number, then arguments in hex.
  private func descriptors(thread: UInt32) -> [Int32] {
    let fields = Self.text("/proc/\(pid)/task/\(thread)/syscall").split(separator: " ")
    guard fields.count > 3, let number = Int(fields[0]) else { return [] }
    let arguments = fields[1...3].map { UInt64($0.dropFirst(2), radix: 16) ?? 0 }
    if SystemCall.polling.contains(number) { return polled(at: arguments[0], count: Int(clamping: arguments[1])) }
    return SystemCall.receiving.contains(number) ? [Int32(truncatingIfNeeded: arguments[0])] : []
  }

  /// Numbers of system calls; they differ by processor.
  private enum SystemCall {
    #if arch(arm64)
      static let polling = [73]  // ppoll
      static let receiving = [63, 207]  // read, recvfrom
    #else
      static let polling = [7, 271]  // poll, ppoll
      static let receiving = [0, 45]  // read, recvfrom
    #endif
  }

  /// Reads an array of `struct pollfd` (descriptor, two masks: 8 bytes) out of the process's memory.
  private func polled(at address: UInt64, count: Int) -> [Int32] {
    guard (1...64).contains(count), let memory = fopen("/proc/\(pid)/mem", "re") else { return [] }
    defer { fclose(memory) }
    var bytes = [UInt8](repeating: 0, count: count * 8)
    guard pread(fileno(memory), &bytes, bytes.count, off_t(Int64(bitPattern: address))) == bytes.count else {
      return []
    }
    return (0..<count).map { index in
      bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * 8, as: Int32.self) }
    }
  }

  private func inode(of descriptor: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink("/proc/\(pid)/fd/\(descriptor)", &buffer, buffer.count)
    let link = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard link.hasPrefix("socket:[") else { return nil }
    return String(link.dropFirst(8).dropLast())
  }

  /// By the socket's inode. In a line of the table field 2 is the other end as `address:port` in hex, field 9 the inode.
  private func peerPorts() -> [String: Int] {
    var ports: [String: Int] = [:]
    for line in Self.text("/proc/\(pid)/net/tcp").split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 9, let port = fields[2].split(separator: ":").last else { continue }
      ports[String(fields[9])] = Int(port, radix: 16)
    }
    return ports
  }

  /// Files of /proc have no size, so they are read to their end; empty when the file is gone.
  static func text(_ path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += buffer.prefix(count)
    }
  }
}
