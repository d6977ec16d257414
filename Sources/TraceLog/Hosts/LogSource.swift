import Glibc

/// Where a log is read, and whose it is.
package struct LogSource: Hashable, Sendable {
  package var path: String
  /// The host whose log was copied to the path; nil: it is this host's own.
  package var host: String?
  /// Of another host's: the run goes on, and so does the copy.
  package var isLive: Bool

  package init(path: String, host: String? = nil, isLive: Bool = false) {
    (self.path, self.host, self.isLive) = (path, host, isLive)
  }

  /// In reports.
  var name: String { host ?? "here" }

  /// Whether anything has come of a log that is copied from another host: its header comes first.
  package var hasBegun: Bool {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var word: UInt64 = 0
    return read(descriptor, &word, MemoryLayout<UInt64>.size) > 0 && word != 0
  }

  /// Whether a process lives of which the log does not say that it is gone. Only a log of this host can be asked about by
  /// its pid: elsewhere that pid is another process, and in another time namespace the start of the same one reads
  /// otherwise.
  func isAlive(_ process: ProcessIdentity) -> Bool { host == nil ? process.isAlive : isLive }
}
