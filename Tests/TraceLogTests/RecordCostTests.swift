import ChainModel
import Glibc
import Testing
import TraceLog

/// P8: what a record costs the thread that writes it.
@Suite(.serialized) struct RecordCostTests {
  private static let processes = 4
  private static let blocks = 500
  private static let blockSize = 2_000

  /// The words in which a process tells what it measured, in hundredths of a nanosecond.
  private enum Word {
    static let ready = 0
    static let record = 1
    static let clock = 2
  }

  private static func median(_ costs: [UInt64]) -> UInt64 { costs.sorted()[costs.count / 2] * 100 / UInt64(blockSize) }

  /// Writes records, and looks at the clock as often, in turns: so both are measured on the same machine at its speed of
  /// the moment. Processor time: what other threads take is not counted.
  private static func measure(_ index: Int, log: String, words: SharedWords, isLoop: Bool) throws {
    let writer = try LogWriter(path: log, name: "writer-\(index)")
    let scribe = isLoop ? writer.scribeOfLoop(thread: UInt32(index + 1)) : writer.scribe(thread: UInt32(index + 1))
    words[index * 8 + Word.ready] = 1
    while words[WriterProcess.go] == 0 { usleep(50) }
    var (records, clocks): ([UInt64], [UInt64]) = ([], [])
    var sum: UInt64 = 0
    for block in 0..<UInt64(blocks) {
      let first = ThreadClock.now()
      for number in 0..<UInt64(blockSize) {
        scribe.write(Record(kind: .waitStart, span: block, other: number, detail: WaitCause.call.rawValue, name: 3))
      }
      let second = ThreadClock.now()
      for _ in 0..<blockSize { sum &+= Monotonic.now() }
      let third = ThreadClock.now()
      records.append(second - first)
      clocks.append(third - second)
    }
    words[index * 8 + Word.record] = median(records)
    words[index * 8 + Word.clock] = sum == 0 ? 0 : median(clocks)
    writer.close()
  }

  @Test(.timeLimit(.minutes(2)), arguments: [true, false])
  func aRecordCostsAFewLooksAtTheClockWhileFourProcessesWrite(isLoop: Bool) async throws {
    let log = try ScratchLog(sizeMiB: 256)
    let words = try SharedWords(path: "\(log.folder)/words")
    let starter = Threads.start {
      _ = poll { (0..<Self.processes).allSatisfy { words[$0 * 8 + Word.ready] == 1 } }
      words[WriterProcess.go] = 1
    }
    await withTaskGroup { group in
      for index in 0..<Self.processes {
        group.addTask { [path = log.path, folder = log.folder] in
          await #expect(processExitsWith: .success) {
            [index = index as Int, path = path as String, folder = folder as String, isLoop = isLoop as Bool] in
            let words = try SharedWords(path: "\(folder)/words")
            try RecordCostTests.measure(index, log: path, words: words, isLoop: isLoop)
          }
        }
      }
    }
    pthread_join(starter, nil)
    let costs = (0..<Self.processes).map { words[$0 * 8 + Word.record] }.sorted()
    let clocks = (0..<Self.processes).map { words[$0 * 8 + Word.clock] }.sorted()
    let (cost, clock) = (Double(costs[2]) / 100, Double(clocks[2]) / 100)
    let kind = isLoop ? "an event loop's" : "a worker's"
    print("\(kind) record: \(cost) ns, \(cost / clock) times a look at the clock (\(clock) ns); target 100 ns")
    #expect(clock > 0 && cost > clock)
    // Without optimisation nothing is promised.
    #expect(cost / clock < (_isDebugAssertConfiguration() ? 100 : 10))
    let loss = try log.snapshot().loss
    #expect(loss.dropped == 0 && loss.holes == 0 && loss.pending == 0)
  }
}
