import ChainModel
import Glibc
import Synchronization
import Topology
import TraceLog

/// A step of a described route, ready to be done.
enum PlayedStep: Sendable {
  /// Burns a processor.
  case cpu(PlayedTime)
  /// Waits for a remote system.
  case remote(PlayedTime, label: String)
  /// A real query or line, and then the processor for the rest of the time.
  case store(WaitCause, PlayedTime, label: String, PlayedStore)
  case call(CallRequest)
  /// Begun at once; ends with the last of them.
  case all([PlayedStep])
}

/// How long a step takes, drawn anew each time; the same draws for the same seed.
final class PlayedTime: Sendable {
  private let time: StepTime
  private let random: Mutex<SplitMix>

  init(_ time: StepTime, seed: UInt64) {
    self.time = time
    random = Mutex(SplitMix(seed: seed))
  }

  func draw() -> Duration {
    switch time {
    case .latency(.fixed(let duration)): return duration
    case .latency(let latency):
      let draw = random.withLock { $0.draw() }
      return latency.sample(draw.first, draw.second)
    case .exponential(let mean):
      let draw = random.withLock { $0.draw() }
      return mean * -log(1 - draw.first)
    }
  }
}

/// What a played service keeps: a database to ask and a file to write to, both real.
final class PlayedStore: Sendable {
  private let file: AppendFile

  static let rows = 1_000

  /// - Throws: `store` when the folder cannot be written.
  init(_ folder: ServiceFolder) throws(CallError) {
    try Seeding.create(folder) { database throws(CallError) in
      try database.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
      for id in 1...PlayedStore.rows {
        try database.query("INSERT INTO rows (id, text) VALUES (?, ?)", [.integer(id), .text("row \(id)")]) { _ in }
      }
    }
    file = try AppendFile("ledger.csv", in: folder)
  }

  /// - Parameters:
  ///   - cause: `database` or `file`.
  ///   - label: what the log calls it.
  ///   - time: in all, of a processor.
  ///   - exchange: for which request.
  /// - Returns: a query of the database, or a line of the file, that takes its time.
  func work(_ cause: WaitCause, _ label: String, _ time: Duration, for exchange: Exchange) -> StoreWork<Void> {
    let trace = exchange.context.trace
    return StoreWork(cause, .text(label)) { [file] store throws(CallError) in
      let began = ProcessorTime.ofThread
      if cause == .file {
        try file.append("\(trace.hex),\(label.filter { $0 != "," && $0 != "\n" })")
      } else {
        let id = Int(trace.low % UInt64(PlayedStore.rows)) + 1
        try store.database().each("SELECT text FROM rows WHERE id = ?", [.integer(id)]) { _ in }
      }
      ProcessorTime.burn(until: began &+ time.nanoseconds)
    }
  }
}
