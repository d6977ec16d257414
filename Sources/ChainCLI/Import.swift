import ArgumentParser
import FoundationEssentials
import Supervisor
import TraceExport
import TraceLog

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read a trace of any system as a run, which every instrument opens.",
    discussion: """
      EXAMPLE: chainlab import otlp trace.json
      What the file does not say (threads, queues, waits) is not known of the run either.
      """,
    subcommands: [ImportOTLP.self, ImportJaeger.self])
}

struct ImportOTLP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "otlp", abstract: "OTLP/JSON, one document or one a line.",
    discussion: "EXAMPLE: chainlab import otlp trace.jsonl")

  @OptionGroup var lab: Lab
  @Argument(help: "The file.") var file: String

  func run() throws {
    try ExitCodes.reporting { try ImportedRun.make(lab, file) { try TraceImport.otlp($0, runID: $1) } }
  }
}

struct ImportJaeger: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jaeger", abstract: "Jaeger's JSON, as its UI and its query service write it.",
    discussion: "EXAMPLE: chainlab import jaeger trace.json")

  @OptionGroup var lab: Lab
  @Argument(help: "The file.") var file: String

  func run() throws {
    try ExitCodes.reporting { try ImportedRun.make(lab, file) { try TraceImport.jaeger($0, runID: $1) } }
  }
}

/// A file as a run.
enum ImportedRun {
  static func make(
    _ lab: Lab, _ file: String,
    _ read: (_ bytes: [UInt8], _ runID: String) throws -> (snapshot: LogSnapshot, report: ImportReport)
  ) throws {
    let bytes = try InputFile.read(file)
    let store = try RunStore(root: lab.folder)
    let run = try store.createImported(from: file, versions: ["chainlab": Version.text])
    do {
      let (snapshot, report) = try read(bytes, run.id)
      try LogArchive.write(snapshot, to: run.savedLogPath)
      Output.result("imported as run \(run.id)")
      for line in report.lines { Output.result("  \(line)") }
    } catch {
      store.discard(run)
      throw error
    }
  }
}

/// A file that a user names.
enum InputFile {
  static func read(_ path: String) throws -> [UInt8] {
    guard let bytes = try AtomicFile.read(path) else {
      throw SupervisorError.file(path: path, doing: "read", reason: "there is no such file")
    }
    return bytes
  }
}
