import ArgumentParser
import ChainModel
import Topology

struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the table of the keys of services.yaml, or of what --json prints, in Markdown.",
    discussion: """
      EXAMPLES:
        chainlab keys
        chainlab keys json
      """)

  @Argument(
    help: "services.yaml (the default), or json.", completion: .list(Self.tables),
    transform: { text in
      guard tables.contains(text) else { throw ValidationError(Typo.unknown("table", text, among: tables)) }
      return text
    })
  var table = Self.tables[0]

  private static let tables = ["services.yaml", "json"]

  func run() {
    Output.result(table == Self.tables[0] ? Topology.keyTable() : JSONVocabulary.markdown)
  }
}
