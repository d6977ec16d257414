import ArgumentParser
import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Topology
import TraceExport
import TraceLog

/// `--run` and `-o`, which all exports have.
struct ExportChoice: ParsableArguments {
  @OptionGroup var choice: RunChoice

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write; - for standard output.", valueName: "file"))
  var output: String

  var target: ExportTarget { ExportTarget(choice: choice, output: output) }
}

/// A run and where its export goes.
struct ExportTarget {
  let choice: RunChoice
  /// `-` is standard output.
  let output: String

  /// Writes an export through `body`, to a file that is there whole or not at all.
  func write(_ body: (LogSnapshot, [String: Int], ByteSink) throws -> ExportTally) throws {
    let snapshot = try choice.snapshot()
    let ports = choice.ports
    var progress = ExportProgress()
    guard output != "-" else {
      let tally = try body(snapshot, ports) { bytes in
        try ExportFile.write(bytes, to: STDOUT_FILENO, named: "standard output")
        progress.note(bytes.count)
      }
      return note(tally, snapshot)
    }
    let file = try ExportFile(output)
    let tally = try body(snapshot, ports) { bytes in
      try file.write(bytes)
      progress.note(bytes.count)
    }
    try file.finish()
    note(tally, snapshot)
  }

  /// For a format that writes its file itself.
  func writeFile(to path: String, _ body: (LogSnapshot) throws -> ExportTally) throws {
    let snapshot = try choice.snapshot()
    unlink(path)
    note(try body(snapshot), snapshot)
  }

  /// Goes to standard error: standard output may be the export.
  private func note(_ tally: ExportTally, _ snapshot: LogSnapshot) {
    let what = tally.spans > 0 ? "\(tally.spans) spans" : "\(tally.parts) stacks"
    Output.note("\(what) of run \(snapshot.runID) exported; the log: \(snapshot.loss.text)")
  }
}

extension RunChoice {
  /// The services' ports by the run's `services.yaml`; none where that says nothing, as for an imported run.
  var ports: [String: Int] {
    guard let folder = try? folder(), let topology = try? Topology.load(path: folder.configurationPath) else {
      return [:]
    }
    var ports: [String: Int] = [:]
    for service in topology.services where service.port > 0 { ports[service.name.rawValue] = service.port }
    return ports
  }
}

/// Says on standard error how far a long export is.
struct ExportProgress {
  private static let period: UInt64 = 2_000_000_000

  private var bytes = 0
  private var saidAt = Monotonic.now()

  mutating func note(_ count: Int) {
    bytes += count
    let now = Monotonic.now()
    guard now - saidAt >= Self.period else { return }
    saidAt = now
    Output.note("\(FigureText.bytes(bytes)) written")
  }
}

/// A file beside its place until it is complete.
final class ExportFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isFinished = false

  init(_ path: String) throws {
    self.path = path
    temporary = "\(path).\(getpid()).tmp"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.failure(path) }
  }

  deinit {
    close(descriptor)
    if !isFinished { unlink(temporary) }
  }

  func write(_ bytes: [UInt8]) throws { try Self.write(bytes, to: descriptor, named: path) }

  func finish() throws {
    guard rename(temporary, path) == 0 else { throw Self.failure(path) }
    isFinished = true
  }

  static func write(_ bytes: [UInt8], to descriptor: Int32, named name: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      // A reader that closed the pipe has what it wanted.
      if count < 0, errno == EPIPE, descriptor == STDOUT_FILENO { throw CleanExit.message("") }
      guard count > 0 else { throw failure(name) }
      rest = rest.dropFirst(count)
    }
  }

  static var temporaryPath: String {
    FileManager.default.temporaryDirectory.appending(path: "chainlab-export-\(UUID().uuidString).db").path
  }

  static func copy(_ path: String, to descriptor: Int32) throws {
    let input = open(path, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw failure(path) }
    defer { close(input) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(input, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { return }
      try write(Array(chunk[..<count]), to: descriptor, named: "standard output")
    }
  }

  static func failure(_ path: String) -> SupervisorError {
    .file(path: path, doing: "write", reason: String(cString: strerror(errno)))
  }
}
