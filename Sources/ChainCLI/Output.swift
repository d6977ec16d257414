import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import Lessons
import Glibc
import LoadGenerator
import Supervisor
import Topology
import TraceExport
import TraceLog

/// Results go to standard output, everything else to standard error.
enum Output {
  static func result(_ bytes: [UInt8]) { write(bytes + [10], to: STDOUT_FILENO) }

  static func result(_ text: String) { result(Array(text.utf8)) }

  /// Writes the file that `-o` names, and says so, unless that is standard output.
  static func write(_ text: String, to path: String) throws {
    try OutputFile.write(Array(text.utf8), to: path)
    if !OutputFile.isStandard(path) { result("written to \(path)") }
  }

  static func note(_ text: String) { Terminal.note(text) }

  /// A reader that closed the pipe ends the program quietly, as `head` expects.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { exit(descriptor == STDOUT_FILENO && errno == EPIPE ? 0 : 1) }
      rest = rest.dropFirst(written)
    }
  }

  static var width: Int { Terminal.width }

  /// More services than this are folded, so that they fit a screen.
  static let mostInFull = 8

  /// Colours only on a terminal, and not where the user has asked for none (https://no-color.org).
  static var hasColour: Bool { isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil }

  /// On a terminal, the words that name a state in the state's colour.
  static func painted(_ text: String) -> String {
    guard hasColour else { return text }
    return [("blocked", "33"), ("suspended", "36"), ("died", "31"), ("running", "32"), ("queued", "35")]
      .reduce(text) { $0.replacing(" \($1.0)", with: " \u{1b}[\($1.1)m\($1.0)\u{1b}[0m") }
  }
}

/// The numbers that the program ends with; documented in `--help` and the README.
enum ExitCodes {
  static let text = Supervisor.ExitCode.allCases.map { "  \($0.rawValue)\t\($0.meaning)" }.joined(separator: "\n")

  /// Runs a verb's work; an error becomes one line on standard error and its exit code.
  static func reporting<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch { throw report(error) }
  }

  static func reporting<Value>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch { throw report(error) }
  }

  private static func report(_ error: any Error) -> any Error {
    if error is ArgumentParser.ExitCode || error is ValidationError || error is CleanExit { return error }
    if error is OutputFile.ReaderGone { return ArgumentParser.ExitCode.success }
    Output.note("chainlab: \(error)")
    return ArgumentParser.ExitCode(code(of: error).rawValue)
  }

  private static func code(of error: any Error) -> Supervisor.ExitCode {
    switch error {
    case let error as SupervisorError: error.exitCode
    case let error as ControlError: error.exitCode
    case let error as AgentError: error.exitCode
    case let error as DeploymentError: error.exitCode
    case is TraceLogError, is SQLiteExportError: .storage
    case is ImportError: .refused
    case is CollectorError: .unreachable
    case let error as LabError: error.exitCode
    case is LoadError, is SettingError, TopologyError.setting: .usage
    case SimulationError.invalid, is TopologyChoiceError, is RunWindowError: .usage
    case is TopologyError, is LessonError: .configuration
    case is EmptyTraceError: .refused
    case let error as SimulateError: error.isUsage ? .usage : .failed
    case let error as LessonRunError: error.exitCode
    case LoadShortfall.unanswered: .unreachable
    default: .failed
    }
  }
}

extension Form {
  /// The value of an option or an argument.
  func option(_ text: String) throws -> Value {
    do { return try read(Written(text)) } catch { throw ValidationError("\(error)") }
  }
}

extension Settings {
  /// What the words of a command line say; wrong ones are answered with the command's usage.
  static func asked(_ words: [String]) throws -> Self {
    do { return try parse(words: words) } catch { throw ValidationError("\(error)") }
  }
}
