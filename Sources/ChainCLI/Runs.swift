import ArgumentParser
import ChainModel
import Experiments
import Supervisor

struct Runs: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at the runs that are kept.", discussion: "EXAMPLE: chainlab runs --json",
    subcommands: [RunList.self], defaultSubcommand: RunList.self)
}

struct RunList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the runs, oldest first.", discussion: "EXAMPLE: chainlab runs list --json")

  @OptionGroup var lab: Lab
  @Flag(help: "Print JSON.") var json = false

  private struct Row: Encodable, TableRow {
    static var columns: [TableColumn<Self>] {
      [
        TableColumn("RUN") { $0.id }, TableColumn("NAME") { $0.name ?? "–" }, TableColumn("KIND") { $0.kind },
        TableColumn("PHASE") { $0.phase }, TableColumn("STARTED") { $0.startedAt },
        TableColumn("ENDED") { $0.endedAt ?? "–" }, TableColumn("LOADS") { "\($0.loads)" },
      ]
    }

    var id: String
    var name: String?
    var kind: String
    var phase: String
    var startedAt: String
    var endedAt: String?
    var loads: Int
    var path: String

    enum CodingKeys: String, CodingKey {
      case name, kind, phase, loads, path
      case id = "run_id"
      case startedAt = "started_at"
      case endedAt = "ended_at"
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let rows = try RunStore(root: lab.folder).list().compactMap { run -> Row? in
        do {
          return try row(run)
        } catch {
          // One damaged folder hides no other.
          Output.note("chainlab: run \(run.id) is left out: \(error)")
          return nil
        }
      }
      if json { return Output.result(WireJSON.encode(rows)) }
      guard !rows.isEmpty else { return Output.result("no runs yet") }
      Output.result(TextTable(rows).text)
    }
  }

  private func row(_ run: RunFolder) throws -> Row {
    let record = try run.record()
    return Row(
      id: run.id, name: record.name.map { PlainText.clean($0) }, kind: try run.kind().rawValue,
      phase: try run.phase().rawValue, startedAt: record.startedAt, endedAt: record.endedAt,
      loads: try run.loadResults().count, path: run.path)
  }
}
