import ArgumentParser
import ChainModel
import Dashboard
import Experiments
import Lessons

struct LessonStyles: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "styles",
    abstract: "One request's code in each style, with what each costs to read, and the event loop.")

  @Flag(help: "Print the code too.") var code = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let shapes = HandlerStyles.shapes()
    if json { return Output.result(WireJSON.encode(shapes)) }
    let table = TextTable(
      shapes,
      columns: [
        TableColumn("STYLE") { $0.style }, TableColumn("LINES") { "\($0.lines)" },
        TableColumn("NESTING") { "\($0.nesting)" }, TableColumn("ERRORS BY HAND") { "\($0.errorHandOffs)" },
        TableColumn("COMPLETIONS") { "\($0.completions)" }, TableColumn("WAITS") { "\($0.waits)" },
      ])
    Output.result(table.text)
    guard code else { return Output.note("the code itself: \(CommandHint("lesson styles --code"))") }
    for (names, code) in CodeShape.distinct(shapes) { Output.result("\n── \(names)\n\n\(code)") }
    guard let turn = HandlerCode.turnOfTheLoop else { return }
    Output.result("\n── the event loop, once around\n\n\(turn)")
  }
}
