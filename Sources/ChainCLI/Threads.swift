import ArgumentParser
import CascadeAnalysis
import ChainModel

struct Threads: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which thread of which service waits for what: a stack dump across processes.",
    discussion: """
      EXAMPLE: chainlab threads
      It reads the log alone, so it also works on a chain that hangs or was killed. Of more than \(Output.mostInFull) \
      services, those in the same state stand in one line, and so do threads that wait for the same: what most have waited \
      longest for comes first.
      """)

  @OptionGroup var choice: RunChoice
  @Option(help: "Show at most this many chains of waits per service, or of all where they are folded.") var limit = 4
  @Flag(help: "Show each service and thread by itself, however many there are.") var all = false
  @Flag(help: "Print JSON, with every thread.") var json = false

  func validate() throws {
    guard (1...10_000).contains(limit) else { throw ValidationError("--limit: found \(limit), expected 1 to 10000") }
  }

  func run() throws {
    try ExitCodes.reporting {
      let dump = ThreadDump(try choice.snapshot())
      if json { return Output.result(WireJSON.encode(dump)) }
      let isFolded = !all && dump.services.count > Output.mostInFull
      Output.result(try choice.title("at \(FigureText.moment(dump.takenAt, decimals: 2))"))
      Output.result(Output.painted(dump.text(width: Output.width, limit: limit, isFolded: isFolded)))
    }
  }
}
