import ArgumentParser
import ChainModel
import TraceLog

/// What this is.
enum Version {
  static let text = "0.1.0"
}

struct VersionVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.", discussion: "EXAMPLE: chainlab version --json")

  @Flag(help: "Print JSON.") var json = false

  func run() {
    Output.result(json ? WireJSON.encode(["chainlab": Version.text]) : Array("chainlab \(Version.text)".utf8))
  }
}
