import ChainModel
import Glibc
import Testing
import TraceLog

/// P5: nothing published is lost when its writer is killed. Real processes, killed with SIGKILL at random instants: the
/// exit tests of Swift Testing run the writers in processes of their own.
@Suite(.serialized) struct KillStormTests {
  private static let processes = 4

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
      let killer = Threads.start { WriterProcess.kill(victims, within: 4_000_000, seed: UInt64(round)) }
      await withTaskGroup { group in
        for index in 0..<Self.processes {
          group.addTask { await WriterProcess.victim(index, log: log.path, words: words) }
        }
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
