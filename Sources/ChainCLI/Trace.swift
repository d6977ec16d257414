import ArgumentParser
import CascadeAnalysis
import ChainModel
import Glibc
import TraceLog

struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read the trace log.", discussion: "EXAMPLE: chainlab trace list",
    subcommands: [TraceListVerb.self, TraceShow.self, TraceFollow.self],
    defaultSubcommand: TraceListVerb.self)
}

struct TraceListVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the latest traces.", discussion: "EXAMPLE: chainlab trace list --limit 50")

  @OptionGroup var choice: RunChoice
  @Option(help: "How many, newest last.") var limit = 20
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit: found \(limit), expected 1 to 1000000")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let list = TraceList(try choice.snapshot(), limit: limit)
      Output.result(json ? WireJSON.encode(list) : Array(list.text(width: Output.width).utf8))
    }
  }
}

struct TraceShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one trace as a waterfall.",
    discussion: "EXAMPLE: chainlab trace show 0af76519")

  @OptionGroup var choice: RunChoice
  @Argument(help: "The trace's id, or its beginning.") var id: String
  @Flag(help: "Show all spans, not only the first \(TraceWaterfall.rowLimit) and those of the critical path.") var all =
    false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let snapshot = try choice.snapshot()
      let limit = all ? Int.max : TraceWaterfall.rowLimit
      guard let trace = find(in: snapshot), let waterfall = TraceWaterfall(snapshot, trace: trace, limit: limit) else {
        throw LabError.noSuchTrace(id)
      }
      Output.result(json ? WireJSON.encode(waterfall) : Array(waterfall.text(width: Output.width).utf8))
    }
  }

  /// The one trace whose id begins so.
  private func find(in snapshot: LogSnapshot) -> TraceID? {
    let wanted = id.lowercased()
    if let exact = TraceID(hex: wanted) { return exact }
    var found: TraceID?
    for record in snapshot.records where record.kind == .arrive || record.kind == .spanStart {
      guard let trace = record.trace, trace != found, trace.hex.hasPrefix(wanted) else { continue }
      guard found == nil else { return nil }
      found = trace
    }
    return found
  }
}

struct TraceFollow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Print records as they are written, until interrupted.",
    discussion: "EXAMPLE: chainlab trace follow | grep waitStart")

  @OptionGroup var choice: RunChoice
  @Flag(help: "Begin with everything the log holds.") var all = false
  @Option(name: .customLong("for"), help: ArgumentHelp("Stop after this time.", valueName: "duration"))
  var time: String?

  func run() throws {
    try ExitCodes.reporting {
      var end = UInt64.max
      if let time {
        guard let duration = DurationText.parse(time) else {
          throw ValidationError("--for: found '\(time)', expected a duration like 10s")
        }
        end = Monotonic.now() &+ duration.nanoseconds
      }
      let reader = try choice.reader()
      var text = RecordText()
      let old = text.lines(try reader.readNew())
      if all { old.forEach(Output.result) }
      while Monotonic.now() < end {
        usleep(100_000)
        text.lines(try reader.readNew()).forEach(Output.result)
      }
    }
  }
}
