import ChainModel
import ArgumentParser
import TraceExport

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a trace file: say what import would make of it, and name what is wrong.",
    discussion: """
      EXAMPLE: chainlab validate trace.json
      OTLP/JSON, Jaeger's and Zipkin's JSON, CSV of spans; also as gzip. It ends with 0 for a file that import takes, and \
      else as import does. A Perfetto trace is checked too, though import does not read one.
      """)

  @Argument(help: "The file.") var file: String
  @Flag(help: "Refuse the file for the first span that makes no sense.") var strict = false

  func run() throws {
    try ExitCodes.reporting {
      let validation = try ImportedRun.read(file, ImportOptions(isStrict: strict)) { bytes, options in
        try TraceValidation(bytes, options: options)
      }
      Output.result("\(file): \(validation.format.name), \(validation.summary)")
      for warning in validation.warnings { Output.result("  \(PlainText.clean(warning))") }
    }
  }
}
