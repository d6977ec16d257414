/// Why a system was not written as a deployment.
package enum DeploymentError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What cannot be in containers, each problem a line without the file's name.
  case unfit(file: String, problems: [String])
  /// A file that somebody else wrote is in the place of one that would be written.
  case foreign(path: String, mark: String)

  package var exitCode: ExitCode {
    switch self {
    case .unfit: .configuration
    case .foreign: .refused
    }
  }

  package var description: String {
    switch self {
    case .unfit(let file, let problems): problems.map { "\(file): \($0)" }.joined(separator: "\n")
    case .foreign(let path, let mark):
      "\(path) is not written over: found a file that does not begin with '\(mark)', expected none, or one of an earlier "
        + "export; move it away, or choose another place with -o"
    }
  }
}
