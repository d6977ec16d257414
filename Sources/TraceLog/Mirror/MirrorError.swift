import ChainModel

/// Why a log could not be mirrored.
package enum MirrorError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What came is not what a feed or a mirror says.
  case malformed(String)
  case wrongVersion(found: UInt32)
  /// The mirror has been made of another log.
  case otherLog(found: UInt64, expected: UInt64)
  case tooLarge(bytes: Int, limit: Int)
  /// Another process mirrors into the file.
  case busy(path: String)
  case cannotWrite(path: String, reason: String)
  case log(TraceLogError)

  package var description: String {
    switch self {
    case .malformed(let reason): "what came is no part of a trace log: \(reason)"
    case .wrongVersion(let found):
      "found version \(found) of the mirror's protocol, expected \(LogWant.version): use the same version of this program on "
        + "both hosts"
    case .otherLog(let found, let expected):
      "found a log that was made at \(found), expected the one made at \(expected), of which the mirror already has a "
        + "part; mirror into another file"
    case .tooLarge(let bytes, let limit):
      "the log takes \(FigureText.bytes(bytes)), expected \(FigureText.bytes(limit)) at most; raise the limit, or lower "
        + "trace_log.size_mib in services.yaml"
    case .busy(let path): "another process mirrors into \(path) already; end it, or choose another file"
    case .cannotWrite(let path, let reason): "cannot write the mirror \(path): \(reason)"
    case .log(let error): error.description
    }
  }
}
