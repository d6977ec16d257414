import ArgumentParser
import ChainModel
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

  /// Writes an export through `body`.
  func write(_ body: (LogSnapshot, [String: Int], ByteSink) throws -> ExportTally) throws {
    let snapshot = try choice.snapshot()
    let ports = choice.ports
    var progress = ExportProgress()
    let file = try OutputFile(output)
    let tally = try body(snapshot, ports) { bytes in
      try file.write(bytes[...])
      progress.note(bytes.count)
    }
    try file.finish()
    note(tally, snapshot)
  }

  /// For a format that writes a file of its own.
  func place(_ body: (LogSnapshot, _ path: String) throws -> ExportTally) throws {
    let snapshot = try choice.snapshot()
    try OutputFile.place(output) { note(try body(snapshot, $0), snapshot) }
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
  private var bytes = 0
  private let progress = Progress()

  mutating func note(_ count: Int) {
    bytes += count
    progress.note("\(FigureText.bytes(bytes)) written")
  }
}
