import ChainModel
package import Topology

/// What is wrong with a lesson's file.
package struct LessonError: Error, CustomStringConvertible {
  package var file: String
  package var problems: [TopologyError.Problem]

  package var description: String { problems.prefix(20).map { "\(file):\($0)" }.joined(separator: "\n") }
}

/// YAML → `Lesson`. It goes on after a problem, so that all of them are reported at once.
struct LessonReader {
  private(set) var problems: [TopologyError.Problem] = []

  /// - Throws: everything that is wrong, with line and column.
  static func read(_ text: String, file: String) throws(LessonError) -> Lesson {
    let document = Document(text)
    var reader = LessonReader()
    let lesson = document.problems.isEmpty ? reader.lesson(document.root, digest: Digest.ofExperiment(text)) : nil
    let problems = document.problems + reader.problems
    guard let lesson, problems.isEmpty else { throw LessonError(file: file, problems: problems) }
    return lesson
  }

  private mutating func lesson(_ root: Item, digest: String) -> Lesson {
    var fields = Fields(root, path: "")
    let story = fields.mapping("story") ?? Fields(root, path: "story")
    var lesson = Lesson(
      name: fields.text("name"), experiment: fields.text("experiment"), claim: fields.text("claim"),
      source: fields.text("source"),
      story: Lesson.Story(question: "", expect: "", planted: "", look: [], fixes: "", costs: ""),
      isQuick: fields.flag("quick", default: true), isAboutCPU: fields.flag("about_cpu", default: false),
      seeds: fields.count("seeds", default: 5), cells: [], checks: [],
      isMatrix: fields.flag("mixes", default: false), digest: digest)
    let settings = fields.settings("settings")
    let load = fields.mapping("load")
    let script = fields.list("script")
    let pings = fields.number("pings")
    let cells = fields.list("cells")
    let checks = fields.list("checks")
    let plot = fields.mapping("plot")
    fields.finish()
    problems += fields.problems
    lesson.story = read(story)
    let common = Lesson.Cell(
      name: lesson.name, settings: settings, load: self.load(load, from: Lesson.Load()), script: steps(script),
      isQuick: true, pings: pings)
    lesson.cells = lesson.isMatrix ? Mixes.cells(common) : cells.isEmpty ? [common] : cells.map { cell($0, common) }
    lesson.checks = checks.map { check($0, cells: lesson.cells) }
    lesson.plot = plot.map { self.plot($0, checks: lesson.checks) }
    if lesson.checks.isEmpty { report(root, "checks", "nothing", "at least one check") }
    return lesson
  }

  private mutating func read(_ story: Fields) -> Lesson.Story {
    var story = story
    let read = Lesson.Story(
      question: story.text("question"), expect: story.text("expect"), planted: story.text("planted"),
      look: story.list("look").compactMap(\.text), fixes: story.text("fixes"), costs: story.text("costs"))
    story.finish()
    problems += story.problems
    return read
  }

  private mutating func cell(_ item: Item, _ common: Lesson.Cell) -> Lesson.Cell {
    var fields = Fields(item, path: "cells")
    var cell = common
    cell.name = fields.text("name")
    cell.settings.merge(fields.settings("settings")) { $1 }
    let load = fields.mapping("load")
    let script = fields.list("script")
    cell.isQuick = fields.flag("quick", default: true)
    cell.pings = fields.number("pings") ?? common.pings
    fields.finish()
    problems += fields.problems
    cell.load = self.load(load, from: common.load)
    cell.script += steps(script)
    return cell
  }

  private mutating func load(_ fields: Fields?, from common: Lesson.Load) -> Lesson.Load {
    guard var fields else { return common }
    var load = common
    if let rate = fields.number("rate") { (load.rate, load.clients) = (rate, nil) }
    if let clients = fields.number("clients") { (load.rate, load.clients) = (nil, Int(clients)) }
    load.isPoisson = fields.flag("poisson", default: common.isPoisson)
    load.warmUp = fields.duration("warm_up") ?? common.warmUp
    load.duration = fields.duration("duration") ?? common.duration
    load.quickDuration = fields.duration("quick_duration") ?? common.quickDuration
    load.timeout = fields.duration("timeout") ?? common.timeout
    load.path = fields.text("path", default: common.path)
    load.newConnections = fields.flag("new_connections", default: common.newConnections)
    fields.finish()
    problems += fields.problems
    return load
  }

  private mutating func steps(_ items: [Item]) -> [Lesson.Step] {
    items.map { item in
      var fields = Fields(item, path: "script")
      let step = Lesson.Step(
        at: fields.duration("at") ?? .zero, words: fields.text("do").split(separator: " ").map(String.init))
      fields.finish()
      problems += fields.problems
      return step
    }
  }

  private mutating func plot(_ fields: Fields, checks: [Lesson.Check]) -> Lesson.Plot {
    var fields = fields
    let plot = Lesson.Plot(
      says: fields.text("says"), measure: fields.expression("measure"), unit: fields.text("unit", default: ""))
    let isDrawn = checks.contains { check in
      if case .within = check.rule { check.unit == plot.unit } else { false }
    }
    if plot.measure == nil, !isDrawn {
      fields.report("measure", "nothing", "an expression, or a check with a prediction in the plot's unit")
    }
    fields.finish()
    problems += fields.problems
    return plot
  }

  private mutating func check(_ item: Item, cells: [Lesson.Cell]) -> Lesson.Check {
    var fields = Fields(item, path: "checks")
    let check = Lesson.Check(
      says: fields.text("says"), cell: fields.text("cell", default: cells.first?.name ?? ""),
      leastShare: fields.share("of_cells", default: 0.95),
      mayLack: fields.flag("may_lack", default: false),
      measured: fields.expression("measured") ?? .number(0), rule: rule(&fields),
      unit: fields.text("unit", default: ""),
      isQuick: fields.flag("quick", default: true))
    if check.cell != Evaluation.every, !cells.contains(where: { $0.name == check.cell }) {
      fields.report("cell", check.cell, "one of \(cells.map(\.name).joined(separator: ", "))")
    }
    fields.finish()
    problems += fields.problems
    return check
  }

  private func rule(_ fields: inout Fields) -> Lesson.Rule {
    if let predicted = fields.expression("predicted") {
      let tolerance = fields.tolerance("within")
      return .within(predicted, amount: tolerance.amount, share: tolerance.share)
    }
    if let least = fields.expression("at_least") {
      return fields.expression("at_most").map { .between(least, $0) } ?? .atLeast(least)
    }
    if let most = fields.expression("at_most") { return .atMost(most) }
    fields.report("predicted", "nothing", "predicted with within, at_least, at_most, or the last two")
    return .atLeast(.number(0))
  }

  private mutating func report(_ item: Item, _ key: String, _ found: String, _ expected: String) {
    problems.append(.init(position: item.position, key: key, found: found, expected: expected))
  }
}
