import CascadeAnalysis
import ChainModel
import TraceLog

/// The part of a run that `--from` and `--to` name, as times from the run's start.
struct RunWindow {
  var from: Duration?
  var to: Duration?

  /// - Parameters:
  ///   - from: as typed, if it was.
  ///   - to: as typed, if it was.
  /// - Throws: for what is no duration.
  init(from: String?, to: String?) throws {
    self.from = try from.map { try Self.parse("--from", $0) }
    self.to = try to.map { try Self.parse("--to", $0) }
  }

  private static func parse(_ option: String, _ text: String) throws -> Duration {
    guard let duration = DurationText.parse(text) else {
      throw RunWindowError("\(option): found '\(text)', expected \(DurationText.expected)")
    }
    return duration
  }

  /// On the log's clock.
  /// - Throws: when nothing of the run lies in it.
  func range(in log: LogScan) throws -> (from: UInt64, to: UInt64) {
    let (origin, end) = (log.overview.createdAt, log.end)
    let length = Duration.nanoseconds(Int64(clamping: end &- min(origin, end)))
    let (start, stop) = (from ?? .zero, min(to ?? length, length))
    guard start < stop || from == nil && to == nil else {
      let found = [from.map { "--from \(DurationText.format($0))" }, to.map { "--to \(DurationText.format($0))" }]
      throw RunWindowError(
        "found \(found.compactMap(\.self).joined(separator: " and ")), which leaves nothing of run "
          + "\(PlainText.clean(log.overview.runID)): expected --from before --to, both within its \(FigureText.duration(length))"
      )
    }
    return (from.map { origin &+ $0.nanoseconds } ?? 0, to.map { origin &+ $0.nanoseconds } ?? .max)
  }
}

/// A window that is none, or lies outside of its run.
struct RunWindowError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
