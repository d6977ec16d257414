import ArgumentParser
import ChainModel
import Topology
import TraceLog

struct Keys: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Print the table of the keys of services.yaml, of what --json prints, or of the log's records, in Markdown.",
    discussion: """
      EXAMPLES:
        chainlab keys
        chainlab keys json
        chainlab keys records
      """)

  @Argument(
    help: "services.yaml (the default), json, or records.", completion: .list(Self.tables),
    transform: { text in
      guard tables.contains(text) else { throw ValidationError(Typo.unknown("table", text, among: tables)) }
      return text
    })
  var table = Self.tables[0]

  private static let tables = ["services.yaml", "json", "records"]

  func run() {
    switch table {
    case "json": Output.result(JSONVocabulary.markdown)
    case "records": Output.result(RecordRow.markdown)
    default: Output.result(Topology.keyTable())
    }
  }
}
