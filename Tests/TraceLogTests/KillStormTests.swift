import ChainModel
import Glibc
import Testing
import TraceLog

/// P5: nothing published is lost when its writer is killed. Real processes, killed with SIGKILL at random instants: the
/// exit tests of Swift Testing run the writers in processes of their own.
@Suite(.serialized) struct KillStormTests {
  private static let processes = 4

  private func victim(_ index: Int, log: String, words: String) async {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [index = index as Int, log = log as String, words = words as String] in
      try WriterProcess(index: index, wordsPath: words).run(logPath: log)
    }
  }

  /// Lets all victims begin at once and kills each at an instant of its own.
  private static func kill(_ victims: [WriterProcess], seed: UInt64) {
    var random = IDGenerator(seed: seed)
    _ = poll { victims.allSatisfy { $0.pid != 0 } }
    victims.first?.words[WriterProcess.go] = 1
    for victim in victims where victim.pid != 0 {
      let instant = Monotonic.now() + random.next() % 4_000_000
      while Monotonic.now() < instant {}
      Glibc.kill(victim.pid, SIGKILL)
    }
  }

  /// - Returns: how many records were found, and how many places were left unfinished.
  private func check(_ victims: [WriterProcess], _ log: ScratchLog) throws -> (records: Int, holes: Int) {
    let snapshot = try log.snapshot()
    var check = PayloadCheck()
    check.read(snapshot.records)
    #expect(snapshot.completeSince == 0)
    #expect(check.wrong == 0 && check.missingCount == 0)
    for victim in victims {
      for thread in 0..<WriterProcess.threads {
        let (written, found) = (victim.acknowledged(thread), check.last[victim.author(thread), default: 0])
        #expect(found == written || found == written + 1, "acknowledged \(written), found \(found)")
      }
    }
    #expect(snapshot.processes.map(\.fate) == victims.map { _ in .died })
    // At most one hole a thread, the log's own helper among them.
    #expect(snapshot.loss.holes <= victims.count * (WriterProcess.threads + 1))
    #expect(snapshot.loss.pending == 0 && snapshot.loss.damaged == 0 && snapshot.loss.dropped == 0)
    return (check.count, snapshot.loss.holes)
  }

  @Test(.timeLimit(.minutes(10))) func nothingAcknowledgedIsLostWhenAWriterIsKilled() async throws {
    var (kills, records, holes) = (0, 0, 0)
    for round in 0..<Storm.count(250, otherwise: 25) {
      let log = try ScratchLog(sizeMiB: 256)
      let words = "\(log.folder)/words"
      let victims = try (0..<Self.processes).map { try WriterProcess(index: $0, wordsPath: words) }
      let killer = Threads.start { Self.kill(victims, seed: UInt64(round)) }
      await withTaskGroup { group in
        for index in 0..<Self.processes { group.addTask { await victim(index, log: log.path, words: words) } }
      }
      pthread_join(killer, nil)
      let found = try check(victims, log)
      kills += victims.count
      (records, holes) = (records + found.records, holes + found.holes)
    }
    print("kill storm: \(kills) processes killed, \(records) records, \(holes) holes")
    #expect(records > kills * 100)
  }
}
