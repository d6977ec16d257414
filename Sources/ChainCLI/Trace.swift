import ArgumentParser
import CascadeAnalysis
import ChainModel
import Experiments
import Glibc
import Supervisor
import TraceLog

struct Trace: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read the trace log.", discussion: "EXAMPLE: chainlab trace list",
    subcommands: [TraceListVerb.self, TraceShow.self, TraceFollow.self],
    defaultSubcommand: TraceListVerb.self)
}

struct TraceListVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the latest traces.",
    discussion: """
      EXAMPLES:
        chainlab trace list --limit 50
        chainlab trace list --service payment-service --slower-than 1s
        chainlab trace list --status refused --json
      Exits with 12 if no trace matches.
      """)

  @OptionGroup var choice: RunChoice
  @Option(help: "How many, newest last.") var limit = 20
  @Option(help: "Only traces that reached this service, or this replica of one.") var service: String?
  @Option(
    help: ArgumentHelp(
      "Only traces that ended like this: ok, client_error (4xx), refused, timed_out, failed, cancelled; error (any of these but ok); open (not ended yet), died; or a status such as 404.",
      valueName: "outcome"))
  var status: String?
  @Option(help: ArgumentHelp("Only traces that took longer, such as 1s.", valueName: "duration")) var slowerThan:
    String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (1...1_000_000).contains(limit) else {
      throw ValidationError("--limit: found \(limit), expected 1 to 1000000")
    }
    _ = try filter()
  }

  func run() throws {
    try ExitCodes.reporting {
      let (snapshot, filter) = (try choice.snapshot(), try filter())
      try expect(filter.service, in: snapshot)
      let list = TraceList(snapshot, limit: limit, filter: filter)
      let isMissed = list.traces.isEmpty && !filter.isEmpty
      if json {
        Output.result(WireJSON.encode(list))
      } else if !isMissed {
        Output.result(list.text(width: Terminal.tableWidth))
      }
      if isMissed { throw LabError.noMatch("no trace in the log matches; see: \(CommandHint("trace list"))") }
    }
  }

  private func filter() throws -> TraceFilter {
    var filter = TraceFilter(service: service)
    if let status {
      filter.outcome = TraceFilter.Outcome(status)
      guard filter.outcome != nil else {
        let names = TraceFilter.Outcome.names
        throw ValidationError(
          "--status: "
            + Typo.unknown(
              "outcome", status, among: names, expected: "\(names.joined(separator: ", ")), or a status such as 404"))
      }
    }
    if let slowerThan {
      filter.slowerThan = DurationText.parse(slowerThan)
      guard filter.slowerThan != nil else {
        throw ValidationError("--slower-than: found '\(slowerThan)', expected \(DurationText.expected)")
      }
    }
    return filter
  }

  /// A service that the log does not know was probably meant otherwise.
  private func expect(_ service: String?, in snapshot: LogSnapshot) throws {
    let known = Array(Set(snapshot.processes.map(\.name))).sorted()
    guard let service, !known.contains(service) else { return }
    throw ValidationError("--service: " + Typo.unknown("service", service, among: known))
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
      guard let waterfall = TraceWaterfall(snapshot, trace: try find(in: snapshot), limit: limit) else {
        throw LabError.noSuchTrace(id)
      }
      Output.result(json ? WireJSON.encode(waterfall) : Array(waterfall.text(width: Output.width).utf8))
    }
  }

  /// The one trace whose id begins so.
  private func find(in snapshot: LogSnapshot) throws -> TraceID {
    let wanted = id.lowercased()
    if let exact = TraceID(hex: wanted) { return exact }
    var found: [TraceID] = []
    for record in snapshot.records where record.kind == .arrive || record.kind == .spanStart {
      guard let trace = record.trace, !found.contains(trace), trace.hex.hasPrefix(wanted) else { continue }
      found.append(trace)
      if found.count > 3 { break }
    }
    guard let first = found.first else { throw LabError.noSuchTrace(id) }
    guard found.count == 1 else {
      let names = found.prefix(3).map { String($0.hex.prefix(max(16, wanted.count + 4))) }
      throw LabError.ambiguousTrace(id, names + (found.count > 3 ? ["…"] : []))
    }
    return first
  }
}

struct TraceFollow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "follow", abstract: "Print records as they are written, until interrupted.",
    discussion: "EXAMPLE: chainlab trace follow | grep waitStart")

  @OptionGroup var choice: RunChoice
  @Flag(help: "Start with everything in the log.") var all = false
  @Option(name: .customLong("for"), help: ArgumentHelp("Stop after this time.", valueName: "duration"))
  var time: String?

  func run() throws {
    try ExitCodes.reporting {
      var end = UInt64.max
      if let time {
        guard let duration = DurationText.parse(time) else {
          throw ValidationError("--for: found '\(time)', expected \(DurationText.expected)")
        }
        end = Monotonic.now() &+ duration.nanoseconds
      }
      let reader = try choice.reader()
      var text = RecordText()
      let old = text.lines(try reader.readNew())
      if all { old.forEach(Output.result) }
      guard try choice.folder().phase().isLive else {
        return Output.note("the run has ended: no record will follow")
      }
      while Monotonic.now() < end {
        usleep(100_000)
        text.lines(try reader.readNew()).forEach(Output.result)
      }
    }
  }
}
