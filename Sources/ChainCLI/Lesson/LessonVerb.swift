import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import Foundation
import Lessons
import Supervisor

struct LessonVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lesson",
    abstract: "Claims as experiments: what theory predicts, beside what this machine measures.",
    discussion: """
      EXAMPLES:
        chainlab lesson list
        chainlab lesson run cascade-front
        chainlab lesson run all --quick
        chainlab lesson report -o report.html
      Each runs its own chains on free ports. A claim that the measurement refutes is a result like any other. On a busy \
      machine, values are shown with a mark, and only what other programs cannot change is decided.
      """,
    subcommands: [LessonList.self, LessonShow.self, LessonRun.self, LessonStyles.self, LessonReportVerb.self])

  /// Refuses what no lesson is called.
  static func expect(_ name: String) throws {
    do { _ = try find(name) } catch { throw ValidationError("\(error)") }
  }

  /// The lesson of a name or an experiment's number; all of them for `all`.
  static func find(_ name: String) throws -> [Lesson] {
    let lessons = try LessonBook.lessons()
    guard name != "all" else { return lessons }
    guard let lesson = lessons.first(where: { $0.name == name || $0.experiment.lowercased() == name.lowercased() })
    else { throw LessonRunError.noSuchLesson(name, lessons.map(\.name)) }
    return [lesson]
  }
}

struct LessonList: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "The lessons and their claims.")

  @Flag(help: "Print JSON.") var json = false

  private struct Row: Encodable {
    var name: String
    var experiment: String
    var claim: String
    var cells: Int
    var quick: Bool
  }

  func run() throws {
    try ExitCodes.reporting {
      let lessons = try LessonBook.lessons()
      if json {
        return Output.result(
          WireJSON.encode(
            lessons.map {
              Row(name: $0.name, experiment: $0.experiment, claim: $0.claim, cells: $0.cells.count, quick: $0.isQuick)
            }))
      }
      for lesson in lessons {
        Output.result("\(lesson.experiment) \(lesson.name)")
        Output.result(LessonText.wrapped(lesson.claim, width: Output.width, indent: 4))
      }
      Output.result("\nRun one with: \(CommandHint("lesson run \(lessons.first?.name ?? "cascade-front")"))")
    }
  }
}

struct LessonShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "What a lesson sets up, runs and predicts.")

  @Argument(help: "A lesson, by name or number.") var name: String

  func validate() throws { try LessonVerb.expect(name) }

  func run() throws {
    try ExitCodes.reporting {
      for lesson in try LessonVerb.find(name) { Output.result(LessonText(lesson).plan(width: Output.width)) }
    }
  }
}

struct LessonRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a lesson, or all, and print what was measured beside what was predicted.",
    discussion: """
      EXAMPLE: chainlab lesson run all --quick
      Results are kept under lessons/ of the root, and cells that have one are not run again. An interrupted run goes on \
      where it stopped.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: "A lesson, by name or number, or all.") var name: String
  @Flag(help: "One seed, short runs, and only the cells that fit into a few minutes.") var quick = false
  @Flag(help: "Run cells again that have a result.") var again = false
  @Option(help: "How many seeds, instead of the lesson's.") var seeds: Int?
  @Flag(help: "One step at a time: a question, then its answer on Enter.") var step = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    try LessonVerb.expect(name)
    if let seeds, !(1...100).contains(seeds) {
      throw ValidationError("--seeds: found \(seeds), expected 1 to 100")
    }
    if step, name == "all" || json { throw ValidationError("--step: expected with one lesson, and without --json") }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      let lessons = try LessonVerb.find(name).filter { !quick || name != "all" || $0.isQuick }
      let store = LessonStore(root: lab.folder)
      let costs = try StepCostStore(root: lab.folder).table()
      if costs.origin != .assumed { Output.note("simulated beside it, with step costs \(costs.origin)") }
      let runner = LessonRunner(store: store, isQuick: quick, isAgain: again, seeds: seeds, costs: costs)
      if let lesson = lessons.first, !json, lessons.count == 1 { tell(lesson) }
      if !step { Interruption.watch() }
      let isWhole = try await runner.run(lessons)
      let outcomes = lessons.map { lesson in
        LessonOutcome(
          lesson, store.results(lesson, seeds: runner.seeds(of: lesson), quick: quick), quick: quick)
      }
      if !isWhole { return Output.note("interrupted; the same command goes on from here") }
      if json { Output.result(WireJSON.encode(outcomes)) } else { show(lessons, outcomes, store) }
    }
  }

  /// What comes before the run.
  private func tell(_ lesson: Lesson) {
    let text = LessonText(lesson)
    Output.result(text.title(width: Output.width))
    ask(lesson.story.question)
    Output.result(text.part("What you would expect", lesson.story.expect, width: Output.width))
    ask("Set it up")
    Output.result(text.part("Set it up", lesson.story.planted, width: Output.width))
    ask("Run it")
  }

  private func ask(_ question: String) {
    guard step else { return }
    Output.result("\n> \(question)   [Enter]")
    _ = readLine()
  }

  private func show(_ lessons: [Lesson], _ outcomes: [LessonOutcome], _ store: LessonStore) {
    for (lesson, outcome) in zip(lessons, outcomes) {
      let text = LessonText(lesson)
      if lessons.count > 1 { Output.result("\n" + text.title(width: Output.width)) }
      Output.result("\n" + LessonText.results(outcome))
      if lesson.isMatrix {
        let results = store.results(lesson, seeds: seeds ?? (quick ? 1 : lesson.seeds), quick: quick)
        Output.result("\n" + LessonText.steps(Mixes.steps(results)))
      }
      guard lessons.count == 1 else { continue }
      ask("What fixes it?")
      Output.result(text.part("What fixes it", lesson.story.fixes, width: Output.width))
      Output.result(text.part("What it costs", lesson.story.costs, width: Output.width))
      if !lesson.story.look.isEmpty { Output.result(look(lesson, store)) }
      if let next = try? Self.next(after: lesson) {
        Output.result(
          "\nnext: \(CommandHint("lesson run \(next.name)\(quick ? " --quick" : "")\(step ? " --step" : "")"))")
      }
    }
    guard lessons.count > 1 else { return }
    Output.result("\n" + LessonText.summary(outcomes))
  }

  private static func next(after lesson: Lesson) throws -> Lesson? {
    let lessons = try LessonBook.lessons()
    guard let place = lessons.firstIndex(where: { $0.name == lesson.name }) else { return nil }
    return lessons.dropFirst(place + 1).first
  }

  private func look(_ lesson: Lesson, _ store: LessonStore) -> String {
    let folder = lesson.cells.first.map { store.folder(lesson, $0, seed: 1, quick: quick) } ?? store.folder
    let lines = lesson.story.look.map { "  \(CommandHint("\($0) --root \(folder)"))" }
    return (["\nLOOK INTO IT"] + lines).joined(separator: "\n")
  }
}
