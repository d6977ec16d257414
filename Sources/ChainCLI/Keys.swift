import ArgumentParser
import Topology

struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the table of services.yaml's keys, in Markdown.", discussion: "EXAMPLE: chainlab keys")

  func run() {
    Output.result(Topology.keyTable())
  }
}
