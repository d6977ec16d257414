import ArgumentParser
import TraceExport

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a trace file: OTLP/JSON, Jaeger's JSON or a Perfetto trace; name what is wrong.",
    discussion: "EXAMPLE: chainlab validate trace.json")

  @Argument(help: "The file.") var file: String

  func run() throws {
    try ExitCodes.reporting {
      let validation = try TraceValidation(try InputFile.read(file))
      Output.result("\(file): \(validation.format.name), \(validation.summary)")
      for warning in validation.warnings { Output.result("  \(warning)") }
    }
  }
}
