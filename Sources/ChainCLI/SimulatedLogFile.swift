import ChainModel
import ChainSimulator
import Experiments
import FoundationEssentials
import Glibc
import TraceLog

/// The log of a simulated run on its way to the disk: it says how it goes, and ends early when it grows too large or is
/// interrupted.
final class SimulatedLogFile: SimulatedLog {
  private let writer: LogArchiveWriter
  private let plan: SimulationPlan
  private let size: LogSize
  private let progress = Progress()
  private var error: SimulateError?

  /// - Parameters:
  ///   - path: of the file; it is an error if there is one.
  ///   - plan: of the run.
  ///   - size: that it must not exceed.
  /// - Throws: when the file cannot be made.
  init(path: String, plan: SimulationPlan, size: LogSize) throws {
    writer = try LogArchiveWriter(path: path, records: size.records, textBytes: plan.textBytes)
    self.plan = plan
    self.size = size
  }

  /// Simulates, and completes the file.
  /// - Returns: what came of it, and the number of records.
  /// - Throws: why it ended early; then there is no file.
  func record(runID: String) throws -> (result: SimulationResult, records: Int) {
    do {
      let (result, frame) = try plan.record(runID: runID, into: self)
      try writer.finish(frame)
      return (result, writer.count)
    } catch SimulationError.stopped {
      throw error ?? SimulateError.interrupted(after: 0, of: 0)
    }
  }

  private var end: UInt64 { (plan.load.warmUp + plan.load.duration + plan.load.drain).nanoseconds }

  func intern(_ text: String) -> UInt32 { writer.intern(text) }

  func append(_ record: Record) { writer.append(record) }

  func goesOn(at time: UInt64) -> Bool {
    if Interruption.hasCome {
      error = .interrupted(after: time, of: end)
    } else if let failure = writer.failure {
      error = .cannotWrite(failure)
    } else if writer.count >= size.records - LogSize.slack {
      error = .grewTooLarge(size, after: time, of: end)
    }
    let written = writer.count * Layout.recordSize
    progress.note(
      "\(FigureText.duration(time)) of \(FigureText.duration(end)) simulated, \(FigureText.bytes(written)) written")
    return error == nil
  }
}

/// How large a log may become.
struct LogSize {
  let bytes: Int

  /// Between two looks at its size, a log may grow by so many records.
  static let slack = 1 << 18

  var records: Int { bytes / Layout.recordSize + Self.slack }

  /// - Throws: unless the text is a size such as `500MiB`, of 1 MiB to 64 GiB.
  init(_ text: String) throws {
    let units = ["KiB": 1024.0, "MiB": 1_048_576, "GiB": 1_073_741_824]
    let unit = units.first { text.hasSuffix($0.key) }
    let number = unit.flatMap { Double(text.dropLast($0.key.count)) }.map { $0 * (unit?.value ?? 0) }
    // The largest log that the format can hold, less the slack.
    guard let number, (1_048_576...68_000_000_000).contains(number) else {
      throw SimulateError.noSize(text)
    }
    bytes = Int(number)
  }

  /// Says what the log of a plan will take, before anything is written.
  /// - Throws: when that is more than it may, or than there is room for in the folder.
  func announce(_ plan: SimulationPlan, in folder: String) throws {
    let records = try plan.estimatedRecords()
    let (needed, isFar) = records.multipliedReportingOverflow(by: Layout.recordSize)
    guard !isFar, needed <= bytes else { throw SimulateError.tooLarge(records: records, self) }
    if let free = Self.free(in: folder), needed > free {
      throw SimulateError.noSpace(needed: needed, free: free, folder: folder)
    }
    Output.note("the log will have about \(FigureText.count(records)) records: \(FigureText.bytes(needed))")
  }

  private static func free(in folder: String) -> Int? {
    var disk = statvfs()
    guard statvfs(folder, &disk) == 0 else { return nil }
    let (bytes, isFar) = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
    return isFar ? Int.max : Int(clamping: bytes)
  }
}

/// Why there is no simulated run.
enum SimulateError: Error, CustomStringConvertible {
  case noSize(String)
  case tooLarge(records: Int, LogSize)
  case noSpace(needed: Int, free: Int, folder: String)
  case interrupted(after: UInt64, of: UInt64)
  case grewTooLarge(LogSize, after: UInt64, of: UInt64)
  case cannotWrite(TraceLogError)

  private static let less = "simulate less (--duration, --rate), or keep no log (--replications)"

  var description: String {
    switch self {
    case .noSize(let text): "--max-size: found '\(text)', expected a size of 1MiB to 63GiB, such as 500MiB"
    case .tooLarge(let records, let size):
      "the log would have about \(FigureText.value(Double(records), "records")) "
        + "(\(FigureText.value(Double(records) * Double(Layout.recordSize), "B"))), more than --max-size "
        + "\(FigureText.bytes(size.bytes)): allow more, \(Self.less)"
    case .noSpace(let needed, let free, let folder):
      "the log would take about \(FigureText.bytes(needed)), and \(folder) has \(FigureText.bytes(free)) left: free some, "
        + Self.less
    case .interrupted(let time, let end):
      "interrupted after \(FigureText.duration(time)) of \(FigureText.duration(end)) simulated; nothing is kept"
    case .grewTooLarge(let size, let time, let end):
      "the log has reached --max-size \(FigureText.bytes(size.bytes)) after \(FigureText.duration(time)) of "
        + "\(FigureText.duration(end)) simulated; nothing is kept: allow more, \(Self.less)"
    case .cannotWrite(let error): "\(error); nothing is kept"
    }
  }

  var isUsage: Bool {
    switch self {
    case .noSize, .tooLarge: true
    default: false
    }
  }
}
