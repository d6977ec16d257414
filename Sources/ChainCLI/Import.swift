import ArgumentParser
import ChainModel
import Experiments
import FoundationEssentials
import Supervisor
import TraceExport
import TraceLog

struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read a trace of any system as a run, which every instrument opens.",
    discussion: """
      EXAMPLES:
        chainlab import trace.json.gz
        chainlab import spans.csv --name quiet
        chainlab import otlp trace.jsonl
      It recognises OTLP/JSON (one document or several, as Tempo and Jaeger answer with it too), Jaeger's and Zipkin's JSON, \
      and CSV of spans; each of them also as gzip. With a format's name before the file, the file must be of that format. \
      The run is found again by the file's name without its endings. What the file does not say (threads, queues, waits) is \
      not known of the run either.
      """,
    subcommands: [
      ImportRecognised.self, ImportOTLP.self, ImportJaeger.self, ImportZipkin.self, ImportCSV.self,
    ],
    defaultSubcommand: ImportRecognised.self)
}

/// What all imports are asked.
struct ImportChoice: ParsableArguments {
  @OptionGroup var lab: Lab
  @Argument(help: "The file.") var file: String
  @Option(
    help: ArgumentHelp("What the run is found by, besides its id; the file's name by default.", valueName: "name"))
  var name: String?
  @Option(
    help: ArgumentHelp(
      "auto: where calls prove that a host's clock is wrong, its times are moved; raw: all times stay as recorded.",
      valueName: "auto|raw"))
  var clock = "auto"
  @Flag(help: "Refuse the file for the first span that makes no sense, instead of counting such spans.") var strict =
    false

  func validate() throws {
    guard ImportOptions.Clock(rawValue: clock) != nil else {
      throw ValidationError("--clock: found '\(clock)', expected auto or raw")
    }
    if let name, name.isEmpty || name.contains("/") {
      throw ValidationError("--name: found '\(name)', expected a word without '/'")
    }
  }

  func options(_ format: TraceFormat?) -> ImportOptions {
    ImportOptions(clock: ImportOptions.Clock(rawValue: clock) ?? .auto, isStrict: strict, format: format)
  }

  func run(_ format: TraceFormat?) throws {
    try ExitCodes.reporting { try ImportedRun.make(self, options(format)) }
  }
}

struct ImportRecognised: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "file", abstract: "A file of any of the formats (the default).",
    discussion: "EXAMPLE: chainlab import trace.json")

  @OptionGroup var choice: ImportChoice

  func run() throws { try choice.run(nil) }
}

struct ImportOTLP: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "otlp", abstract: "OTLP/JSON, one document or one a line.",
    discussion: "EXAMPLE: chainlab import otlp trace.jsonl")

  @OptionGroup var choice: ImportChoice

  func run() throws { try choice.run(.otlp) }
}

struct ImportJaeger: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jaeger", abstract: "Jaeger's JSON, as its UI and its query service write it.",
    discussion: "EXAMPLE: chainlab import jaeger trace.json")

  @OptionGroup var choice: ImportChoice

  func run() throws { try choice.run(.jaeger) }
}

struct ImportZipkin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "zipkin", abstract: "Zipkin's JSON, version 2: a list of spans or of traces.",
    discussion: "EXAMPLE: chainlab import zipkin trace.json")

  @OptionGroup var choice: ImportChoice

  func run() throws { try choice.run(.zipkin) }
}

struct ImportCSV: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "csv",
    abstract: "A table of spans: trace, span, parent, service or pod, operation, start, end or duration.",
    discussion: """
      EXAMPLE: chainlab import csv spans.csv
      Columns are found by their names; the units of times are those of their names, or of their size.
      """)

  @OptionGroup var choice: ImportChoice

  func run() throws { try choice.run(.csv) }
}

/// A file as a run.
enum ImportedRun {
  static func make(_ choice: ImportChoice, _ options: ImportOptions) throws {
    let store = try RunStore(root: choice.lab.folder)
    let (snapshot, report, run) = try read(choice.file, options) { bytes, options in
      let run = try store.createImported(
        from: choice.file, named: choice.name ?? RunName.of(file: choice.file), versions: ["chainlab": Version.text])
      do {
        let (snapshot, report) = try TraceImport.read(bytes, runID: run.id, options: options)
        return (snapshot, report, run)
      } catch {
        store.discard(run)
        throw error
      }
    }
    do {
      try LogArchive.write(snapshot, to: run.savedLogPath)
    } catch {
      store.discard(run)
      throw error
    }
    Output.result("imported as run \(run.id)")
    for line in report.lines { Output.result("  \(PlainText.clean(line))") }
  }

  /// Reads a file with its progress on standard error.
  static func read<Value>(
    _ file: String, _ options: ImportOptions, _ body: (consuming [UInt8], ImportOptions) throws -> Value
  ) throws -> Value {
    var options = options
    let progress = Progress()
    options.progress = { progress.note("\(FigureText.bytes($0)) of \(FigureText.bytes($1)) read") }
    return try body(try InputFile.read(file), options)
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
