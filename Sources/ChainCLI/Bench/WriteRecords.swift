import ArgumentParser
import ChainModel
import Glibc
import TraceLog

/// One of the processes that `bench log` has write at once; not for users.
struct WriteRecords: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write-records", abstract: "Write records and print what one costs, in nanoseconds.",
    shouldDisplay: false)

  @Argument(help: "The log.") var log: String
  @Option(help: "In thousands.") var thousands = 4000

  private static let block = 1000

  func run() throws {
    try ExitCodes.reporting {
      let writer = try LogWriter(path: log, name: "writer-\(getpid())")
      let scribe = writer.scribeOfLoop(thread: UInt32(getpid()))
      var costs: [UInt64] = []
      costs.reserveCapacity(thousands)
      for _ in 0..<thousands {
        let start = Self.processorTime()
        for number in 0..<UInt64(Self.block) {
          scribe.write(Record(kind: .waitStart, span: 1, other: number, detail: WaitCause.call.rawValue, name: 1))
        }
        costs.append(Self.processorTime() &- start)
      }
      writer.close()
      Output.result("\(Double(costs.sorted()[costs.count / 2]) / Double(Self.block))")
    }
  }

  /// Of this thread: what others take meanwhile is not counted.
  private static func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
