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
    let problems = (document.problems + reader.problems).sorted { $0.position < $1.position }
    guard let lesson, problems.isEmpty else { throw LessonError(file: file, problems: problems) }
    return lesson
  }

  private mutating func lesson(_ root: Item, digest: String) -> Lesson {
    var fields = Section(root, path: "")
    var lesson = Lesson(
      name: fields.required("name", .text()) ?? "", experiment: fields.required("experiment", .text()) ?? "",
      claim: fields.required("claim", .text()) ?? "", source: fields.required("source", .text()) ?? "",
      story: story(fields.required("story")),
      isQuick: fields.value("quick", .flag) ?? true, isAboutCPU: fields.value("about_cpu", .flag) ?? false,
      seeds: fields.value("seeds", .integer(1...100)) ?? 5, cells: [], checks: [],
      isMatrix: fields.value("mixes", .flag) ?? false, digest: digest)
    let settings = self.settings(of: &fields)
    let load = self.load(fields.section("load"), from: Lesson.Load())
    let script = steps(fields.list("script"))
    let pings = fields.value("pings", .positive)
    let (cells, checks, plot) = (fields.list("cells") ?? [], fields.list("checks") ?? [], fields.section("plot"))
    let common = Lesson.Cell(
      name: lesson.name, settings: settings, load: load, script: script, isQuick: true, pings: pings)
    lesson.cells = lesson.isMatrix ? Mixes.cells(common) : cells.isEmpty ? [common] : cells.map { cell($0, common) }
    lesson.checks = checks.map { check($0, cells: lesson.cells) }
    lesson.plot = plot.map { self.plot($0, checks: lesson.checks) }
    if lesson.checks.isEmpty {
      fields.report("checks", SettingError(found: "nothing", expected: "at least one check"))
    }
    close(&fields)
    return lesson
  }

  private mutating func close(_ section: inout Section) {
    section.finish()
    problems += section.problems
  }

  private mutating func story(_ section: Section) -> Lesson.Story {
    var story = section
    let read = Lesson.Story(
      question: story.required("question", .text()) ?? "", expect: story.required("expect", .text()) ?? "",
      planted: story.required("planted", .text()) ?? "", look: (story.list("look") ?? []).compactMap(\.text),
      fixes: story.required("fixes", .text()) ?? "", costs: story.required("costs", .text()) ?? "")
    close(&story)
    return read
  }

  private mutating func cell(_ item: Item, _ common: Lesson.Cell) -> Lesson.Cell {
    var fields = Section(item, path: "cells")
    var cell = common
    cell.name = fields.required("name", .text()) ?? ""
    cell.settings.merge(settings(of: &fields)) { $1 }
    cell.load = load(fields.section("load"), from: common.load)
    cell.script += steps(fields.list("script"))
    cell.isQuick = fields.value("quick", .flag) ?? true
    cell.pings = fields.value("pings", .positive) ?? common.pings
    close(&fields)
    return cell
  }

  /// Such as `gateway.threads: 8`, in quotes or not; each is tried on the lab's own chain.
  private mutating func settings(of fields: inout Section) -> [String: String] {
    guard let entry = fields.take("settings") else { return [:] }
    guard case .mapping(let all) = entry.value.content else {
      let error = SettingError(found: entry.value.found, expected: "a mapping such as {gateway.threads: 8}")
      fields.report("settings", error, at: entry.value.position)
      return [:]
    }
    var settings: [String: String] = [:]
    for entry in all {
      var topology = Topology.standard
      do throws(SettingError) {
        guard let written = entry.value.written else {
          throw SettingError(key: PlainText.visible(entry.key), found: entry.value.found, expected: "its value")
        }
        try topology.set(Setting(entry.key, written.text))
        settings[entry.key] = written.text
      } catch {
        fields.report("settings", error, at: entry.value.position)
      }
    }
    return settings
  }

  private mutating func load(_ section: Section?, from common: Lesson.Load) -> Lesson.Load {
    guard var fields = section else { return common }
    var load = common
    if let rate = fields.value("rate", .positive) { (load.rate, load.clients) = (rate, nil) }
    if let clients = fields.value("clients", .integer(1...100_000)) { (load.rate, load.clients) = (nil, clients) }
    load.isPoisson = fields.value("poisson", .flag) ?? common.isPoisson
    load.warmUp = fields.value("warm_up", .duration(like: "2s")) ?? common.warmUp
    load.duration = fields.value("duration", .duration(like: "2s")) ?? common.duration
    load.quickDuration = fields.value("quick_duration", .duration(like: "2s")) ?? common.quickDuration
    load.timeout = fields.value("timeout", .duration(like: "2s")) ?? common.timeout
    load.path = fields.value("path", .text()) ?? common.path
    load.newConnections = fields.value("new_connections", .flag) ?? common.newConnections
    close(&fields)
    return load
  }

  private mutating func steps(_ items: [Item]?) -> [Lesson.Step] {
    (items ?? []).map { item in
      var fields = Section(item, path: "script")
      let step = Lesson.Step(
        at: fields.value("at", .duration(like: "2s")) ?? .zero,
        words: (fields.required("do", .text()) ?? "").split(separator: " ").map(String.init))
      close(&fields)
      return step
    }
  }

  private mutating func plot(_ section: Section, checks: [Lesson.Check]) -> Lesson.Plot {
    var fields = section
    let plot = Lesson.Plot(
      says: fields.required("says", .text()) ?? "", measure: fields.value("measure", .expression),
      unit: fields.value("unit", .text()) ?? "")
    let isDrawn = checks.contains { check in
      if case .within = check.rule { check.unit == plot.unit } else { false }
    }
    if plot.measure == nil, !isDrawn {
      let expected = "an expression, or a check with a prediction in the plot's unit"
      fields.report("measure", SettingError(found: "nothing", expected: expected))
    }
    close(&fields)
    return plot
  }

  private mutating func check(_ item: Item, cells: [Lesson.Cell]) -> Lesson.Check {
    var fields = Section(item, path: "checks")
    let check = Lesson.Check(
      says: fields.required("says", .text()) ?? "",
      cell: fields.value("cell", .text()) ?? cells.first?.name ?? "",
      leastShare: fields.value("of_cells", .share(like: "80 %")) ?? 0.95,
      mayLack: fields.value("may_lack", .flag) ?? false,
      measured: fields.required("measured", .expression) ?? .number(0), rule: rule(&fields),
      unit: fields.value("unit", .text()) ?? "",
      isQuick: fields.value("quick", .flag) ?? true)
    if check.cell != Evaluation.every, !cells.contains(where: { $0.name == check.cell }) {
      let names = cells.map(\.name)
      fields.report(
        "cell",
        SettingError(
          found: PlainText.visible(check.cell), expected: "one of \(names.joined(separator: ", "))",
          meant: Typo.nearest(to: check.cell, among: names)))
    }
    close(&fields)
    return check
  }

  private func rule(_ fields: inout Section) -> Lesson.Rule {
    if let predicted = fields.value("predicted", .expression) {
      let tolerance = fields.required("within", .tolerance) ?? Tolerance()
      return .within(predicted, amount: tolerance.amount, share: tolerance.share)
    }
    if let least = fields.value("at_least", .expression) {
      return fields.value("at_most", .expression).map { .between(least, $0) } ?? .atLeast(least)
    }
    if let most = fields.value("at_most", .expression) { return .atMost(most) }
    fields.report(
      "predicted", SettingError(found: "nothing", expected: "predicted with within, at_least, at_most, or the last two")
    )
    return .atLeast(.number(0))
  }
}
