import ChainModel
import FoundationEssentials
import Glibc
import TraceLog

/// A log of one test, in shared memory as a chain's is, gone when the test is over.
final class ScratchLog: Sendable {
  let folder: String
  var path: String { "\(folder)/trace.log" }

  /// With no size, the folder is left empty.
  init(sizeMiB: Int? = 16) throws {
    folder = "/dev/shm/chainlab-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if let sizeMiB { try LogWriter.create(path: path, sizeMiB: sizeMiB, runID: "run-of-the-test") }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: folder)
  }

  func writer(_ name: String = "gateway", ownThread: Bool = true) throws -> LogWriter {
    try LogWriter(path: path, name: name, ownThread: ownThread)
  }

  func reader() throws -> LogReader { try LogReader(path: path) }

  func snapshot() throws -> LogSnapshot { try reader().snapshot() }
}
