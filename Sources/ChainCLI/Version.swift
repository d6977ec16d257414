import ArgumentParser
import ChainModel
import Experiments

struct VersionVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Print the version.", discussion: "EXAMPLE: chainlab version --json")

  @Flag(help: "Print JSON.") var json = false

  func run() {
    Output.result(json ? WireJSON.encode(["chainlab": Version.text]) : Array("chainlab \(Version.text)".utf8))
  }
}
