import ArgumentParser
import ChainModel
import Experiments
import Foundation
import Glibc
import Lessons
import Supervisor

struct LessonReportVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write all that was measured as one page, complete in itself.",
    discussion: """
      EXAMPLE: chainlab lesson report -o report.html --csv report.csv
      It takes the full runs of lessons, or, where there are none, the quick ones, and says which.
      """)

  @OptionGroup var lab: Lab
  @Option(name: .shortAndLong, help: ArgumentHelp("Where to write the page.", valueName: "file")) var output: String?
  @Option(help: ArgumentHelp("Write the checks as a table, too.", valueName: "file")) var csv: String?
  @Option(help: ArgumentHelp("Write each figure of each run as a table, too.", valueName: "file")) var figures: String?
  @Flag(help: "The quick runs, also where there are full ones.") var quick = false
  @Flag(help: "Print JSON: all checks and all runs.") var json = false

  func validate() throws {
    guard output != nil || csv != nil || figures != nil || json else {
      throw ValidationError("expected -o FILE, --csv FILE, --figures FILE or --json")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let report = try make()
      if let output { try Output.write(report.html, to: output) }
      if let csv { try Output.write(report.csv, to: csv) }
      if let figures { try Output.write(report.figuresCSV, to: figures) }
      if json { Output.result(WireJSON.encode(report)) }
    }
  }

  private func make() throws -> LessonReport {
    let store = LessonStore(root: lab.folder)
    let lessons = try LessonBook.lessons()
    for isQuick in quick ? [true] : [false, true] {
      let results = lessons.flatMap { store.results($0, seeds: 100, quick: isQuick) }
      guard !results.isEmpty else { continue }
      let known = Set(results.map(\.lesson))
      Output.note("\(results.count) \(isQuick ? "quick" : "full") runs of \(known.count) lessons")
      return LessonReport(
        lessons.filter { known.contains($0.name) }, results, isQuick: isQuick, machine: Self.machine,
        version: Version.text, writtenAt: Date().formatted(.iso8601), styles: HandlerStyles.shapes())
    }
    throw LessonRunError.noResults
  }

  /// Processors, memory and kernel.
  private static var machine: String {
    var kernel = utsname()
    uname(&kernel)
    let release = withUnsafeBytes(of: &kernel.release) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let memory = Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824
    let processors = ProcessInfo.processInfo.activeProcessorCount
    return "\(processors) processors, \(FigureText.number(memory)) GiB, Linux \(release)"
  }
}
