import ChainModel
import Glibc
import Testing
import TraceLog

/// A process that writes until it is killed, as an exit test runs it: one log writer and four threads, three of which
/// share the process's segments, while the last has its own as an event loop does.
struct WriterProcess {
  static let threads = 4
  /// The word that all processes wait for before they begin.
  static let go = 511

  let index: Int
  /// Which of the processes that one after another have this index.
  let life: Int
  let words: SharedWords

  init(index: Int, wordsPath: String, life: Int = 0) throws {
    self.index = index
    self.life = life
    words = try SharedWords(path: wordsPath)
  }

  var pid: pid_t { pid_t(words[index * 8]) }

  /// How many records the thread knows to be written.
  func acknowledged(_ thread: Int) -> UInt64 { words[index * 8 + 1 + thread] }

  func author(_ thread: Int) -> UInt32 { Self.author(index, thread, life: life) }

  static func author(_ index: Int, _ thread: Int, life: Int) -> UInt32 { UInt32(life * 512 + index * 8 + thread + 1) }

  /// `pause`: microseconds between two records of a thread.
  func run(logPath: String, pause: UInt32 = 0) throws {
    let writer = try LogWriter(path: logPath, name: "victim-\(index)")
    words[index * 8] = UInt64(getpid())
    while words[Self.go] == 0 { usleep(50) }
    Threads.run(Self.threads) { thread in
      let author = author(thread)
      let scribe = thread == Self.threads - 1 ? writer.scribeOfLoop(thread: author) : writer.scribe(thread: author)
      var number: UInt64 = 0
      while true {
        number += 1
        scribe.write(Payload(author: author, number: number).record)
        words[index * 8 + 1 + thread] = number
        if pause > 0 { usleep(pause) }
      }
    }
  }

  /// Runs one in a process of its own until it is killed.
  /// `pause`: microseconds between two records of a thread.
  static func victim(_ index: Int, log: String, words: String, life: Int = 0, pause: UInt32 = 0) async {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [
        index = index as Int, log = log as String, words = words as String, life = life as Int, pause = pause as UInt32
      ] in
      try WriterProcess(index: index, wordsPath: words, life: life).run(logPath: log, pause: pause)
    }
  }

  /// Lets all victims begin at once and kills each at an instant of its own.
  static func kill(_ victims: [WriterProcess], within nanoseconds: UInt64, seed: UInt64) {
    var random = IDGenerator(seed: seed)
    _ = poll { victims.allSatisfy { $0.pid != 0 } }
    victims.first?.words[go] = 1
    for victim in victims where victim.pid != 0 {
      let instant = Monotonic.now() + random.next() % nanoseconds
      while Monotonic.now() < instant { if nanoseconds > 10_000_000 { usleep(100) } }
      Glibc.kill(victim.pid, SIGKILL)
    }
  }
}
