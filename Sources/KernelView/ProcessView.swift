import Glibc

/// What the kernel says of a process and its threads, from `/proc` alone: it has never heard of the trace log. Needs
/// what a debugger needs: the process is ours, or we are root.
package struct ProcessView: Sendable {
  package let pid: Int32

  package init(pid: Int32) {
    self.pid = pid
  }

  /// `Threads` in `/proc/<pid>/status`; 0 when the process is gone.
  package var threadCount: Int {
    for line in ProcFile.text("/proc/\(pid)/status").split(separator: "\n") where line.hasPrefix("Threads:") {
      return Int(line.dropFirst(8).filter { $0 != "\t" && $0 != " " }) ?? 0
    }
    return 0
  }

  /// The kernel's ids of its threads; none when the process is gone.
  package var threads: [UInt32] {
    guard let folder = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(folder) }
    var threads: [UInt32] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let thread = UInt32(name) { threads.append(thread) }
    }
    return threads
  }

  /// - Parameters:
  ///   - thread: the kernel's id.
  ///   - peers: the process's sockets, taken when they are first needed, so that many threads share one reading.
  /// - Returns: what the thread is doing right now; nil when it is gone.
  package func look(at thread: UInt32, peers: inout SocketPeers?) -> ThreadSight? {
    let fields = ProcFile.text("/proc/\(pid)/task/\(thread)/syscall").split(separator: " ")
    guard let first = fields.first else { return nil }
    guard fields.count > 3, let number = Int(first) else { return ThreadSight(call: nil, peerPort: nil) }
    let arguments = fields[1...3].map { UInt64($0.dropFirst(2), radix: 16) ?? 0 }
    let call = SystemCall(number: number)
    var descriptors: [Int32] = []
    if call.isPolling { descriptors = polled(at: arguments[0], count: Int(clamping: arguments[1])) }
    if call.takesDescriptor { descriptors = [Int32(truncatingIfNeeded: arguments[0])] }
    guard !descriptors.isEmpty else { return ThreadSight(call: call, peerPort: nil) }
    let sockets = peers ?? SocketPeers(pid: pid)
    // A socket newer than the table: read it once more.
    var port = Self.port(of: descriptors, in: sockets, pid: pid)
    peers = sockets
    if port == nil, descriptors.contains(where: { SocketPeers.inode(pid: pid, of: $0) != nil }) {
      let fresh = SocketPeers(pid: pid)
      port = Self.port(of: descriptors, in: fresh, pid: pid)
      peers = fresh
    }
    return ThreadSight(call: call, peerPort: port)
  }

  /// The port at the other end of the TCP socket that the thread waits on right now.
  /// - Returns: nil when it waits neither in `poll(2)` nor in a call on a socket.
  package func awaitedPort(thread: UInt32) -> Int? {
    var peers: SocketPeers?
    return look(at: thread, peers: &peers)?.peerPort
  }

  private static func port(of descriptors: [Int32], in peers: SocketPeers, pid: Int32) -> Int? {
    descriptors.lazy.compactMap { SocketPeers.inode(pid: pid, of: $0) }.compactMap { peers.port(of: $0) }.first
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
}

/// What the kernel says that a thread does at one instant.
package struct ThreadSight: Hashable, Sendable {
  /// The system call that it waits in; nil when it runs, or would if it had a processor.
  package var call: SystemCall?
  /// The port at the other end of the TCP socket that it waits on.
  package var peerPort: Int?

  package init(call: SystemCall?, peerPort: Int?) {
    self.call = call
    self.peerPort = peerPort
  }
}

/// The other ends of a process's TCP connections, by the socket's inode.
package struct SocketPeers: Sendable {
  private var ports: [String: Int] = [:]

  /// In a line of the table field 2 is the other end as `address:port` in hex, field 9 the inode.
  init(pid: Int32) {
    for line in ProcFile.text("/proc/\(pid)/net/tcp").split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 9, let port = fields[2].split(separator: ":").last else { continue }
      ports[String(fields[9])] = Int(port, radix: 16)
    }
  }

  func port(of inode: String) -> Int? { ports[inode] }

  /// Nil for what is no socket.
  static func inode(pid: Int32, of descriptor: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink("/proc/\(pid)/fd/\(descriptor)", &buffer, buffer.count)
    let link = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard link.hasPrefix("socket:[") else { return nil }
    return String(link.dropFirst(8).dropLast())
  }
}

/// Files of `/proc`.
package enum ProcFile {
  /// They have no size, so they are read to their end; empty when the file is gone.
  package static func text(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += buffer.prefix(count)
    }
  }
}
