import ChainModel

/// Why a log could not be made, opened or read.
package enum TraceLogError: Error, Hashable, Sendable, CustomStringConvertible {
  case cannotCreate(path: String, reason: String)
  case cannotOpen(path: String, reason: String)
  case noSpace(path: String, needed: Int)
  case notALog(path: String, reason: String)
  case wrongVersion(path: String, found: UInt32)
  case noProcessSlot(path: String)

  package var description: String {
    switch self {
    case .cannotCreate(let path, let reason):
      "cannot create the trace log \(path): \(reason); choose another folder with trace_log.directory in services.yaml"
    case .cannotOpen(let path, let reason): "cannot open the trace log \(path): \(reason)"
    case .noSpace(let path, let needed):
      "no space for the trace log \(path): it needs \(FigureText.bytes(needed)) at once; free some, or choose another folder "
        + "or a smaller size with trace_log in services.yaml"
    case .notALog(let path, let reason): "\(path) is not a chainlab trace log: \(reason)"
    case .wrongVersion(let path, let found):
      "\(path) is a trace log of version \(found), this program reads version \(Layout.version); "
        + "read it with the version that recorded it, or record the run again"
    case .noProcessSlot(let path):
      "the trace log \(path) has no room for another process (\(Layout.processSlots) have used it); start a new run"
    }
  }
}
