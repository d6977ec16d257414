/// A system call, by its number on this processor.
package struct SystemCall: Hashable, Sendable {
  package let number: Int

  package init(number: Int) {
    self.number = number
  }

  /// As `syscalls(2)` spells it; `syscall 999` for one that no thread of a chain is expected to wait in.
  package var name: String { Self.names[number] ?? "syscall \(number)" }

  /// Its first argument is an array of `struct pollfd`.
  var isPolling: Bool { ["poll", "ppoll"].contains(name) }

  /// Its first argument is a descriptor that may be a socket.
  var takesDescriptor: Bool {
    ["read", "recvfrom", "recvmsg", "write", "writev", "sendto", "sendmsg", "connect"].contains(name)
  }

  #if arch(arm64)
    private static let names = [
      22: "epoll_pwait", 25: "fcntl", 48: "faccessat", 56: "openat", 57: "close", 63: "read", 64: "write",
      66: "writev", 67: "pread64", 68: "pwrite64", 73: "ppoll", 82: "fsync", 83: "fdatasync", 98: "futex",
      101: "nanosleep", 115: "clock_nanosleep", 128: "restart_syscall", 203: "connect", 206: "sendto",
      207: "recvfrom", 211: "sendmsg", 212: "recvmsg", 242: "accept4",
    ]
  #else
    private static let names = [
      0: "read", 1: "write", 3: "close", 7: "poll", 17: "pread64", 18: "pwrite64", 20: "writev", 35: "nanosleep",
      42: "connect", 44: "sendto", 45: "recvfrom", 46: "sendmsg", 47: "recvmsg", 72: "fcntl", 74: "fsync",
      75: "fdatasync", 202: "futex", 219: "restart_syscall", 230: "clock_nanosleep", 232: "epoll_wait",
      257: "openat", 269: "faccessat", 271: "ppoll", 281: "epoll_pwait", 288: "accept4",
    ]
  #endif
}
