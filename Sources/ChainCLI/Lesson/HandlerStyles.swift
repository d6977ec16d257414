import ArgumentParser
import ChainModel
import Dashboard
import Lessons

/// The gateway's orchestrated request as it is written in each style.
enum HandlerStyles {
  /// One for each IO model; two of them run the same code.
  static func shapes() -> [CodeShape] {
    IOModel.allCases.compactMap { model in
      HandlerCode.ofGateway(model).map { CodeShape(style: model.rawValue, code: $0.text) }
    }
  }

  /// For the checks of lessons: `code.lines(callbacks)` and so on, by the function's name.
  static func figures() -> [String: Double] {
    var figures: [String: Double] = [:]
    for model in [IOModel.blocking, .nonblocking, .nonblockingAsync] {
      guard let code = HandlerCode.ofGateway(model) else { continue }
      let shape = CodeShape(style: code.function, code: code.text)
      figures["code.lines(\(code.function))"] = Double(shape.lines)
      figures["code.nesting(\(code.function))"] = Double(shape.nesting)
      figures["code.error_hand_offs(\(code.function))"] = Double(shape.errorHandOffs)
      figures["code.waits(\(code.function))"] = Double(shape.waits)
    }
    return figures
  }
}

struct LessonStyles: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "styles",
    abstract: "One request's code in each style, with what each costs to read, and the event loop.")

  @Flag(help: "Print the code too.") var code = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let shapes = HandlerStyles.shapes()
    if json { return Output.result(WireJSON.encode(shapes)) }
    var table = TextTable(["STYLE", "LINES", "NESTING", "ERRORS BY HAND", "COMPLETIONS", "WAITS"])
    for shape in shapes {
      table.add([
        shape.style, "\(shape.lines)", "\(shape.nesting)", "\(shape.errorHandOffs)", "\(shape.completions)",
        "\(shape.waits)",
      ])
    }
    Output.result(table.text)
    guard code else { return Output.note("the code itself: \(CommandHint("lesson styles --code"))") }
    for (names, code) in CodeShape.distinct(shapes) { Output.result("\n── \(names)\n\n\(code)") }
    guard let turn = HandlerCode.turnOfTheLoop else { return }
    Output.result("\n── the event loop, once around\n\n\(turn)")
  }
}
