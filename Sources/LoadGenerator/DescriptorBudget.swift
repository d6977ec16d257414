import Glibc

/// How many connections the process may still open.
enum DescriptorBudget {
  /// Kept free for log, files and pipes of the rest of the process, and per event loop.
  private static let reserve = 32
  private static let perLoop = 4

  /// Raises the soft limit to the hard one, as a program may, and takes off what is open already.
  static func available(loops: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    if limit.rlim_cur < limit.rlim_max {
      let soft = limit.rlim_cur
      limit.rlim_cur = limit.rlim_max
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = soft }
    }
    return max(0, Int(clamping: limit.rlim_cur) - openCount - reserve - perLoop * loops)
  }

  private static var openCount: Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }
}
