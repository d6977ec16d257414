import ChainModel
import Experiments
import Glibc
import Supervisor
import TraceExport
import TraceLog

/// `export otlp --follow`: sends finished spans of a running chain to a collector, about once a second.
///
/// While the collector does not answer, nothing is read: what it will have waits in the log, and what the log overwrites
/// meanwhile is counted.
struct SpanStream {
  let choice: RunChoice
  let collector: Collector

  private static let period: UInt32 = 1_000_000

  /// What came of it so far.
  private struct Count {
    var sent = 0
    var requests = 0
    var lost = 0
    var reason = ""
    /// Of the run, in nanoseconds: what the log had of it was overwritten before it was read.
    var overwritten: UInt64 = 0

    func text(_ collector: Collector) -> String {
      var parts = ["\(sent) spans sent in \(requests) requests\(collector.summary)"]
      if lost > 0 { parts.append("\(lost) spans lost, which the collector did not take: \(reason)") }
      if overwritten > 0 {
        parts.append(
          "\(FigureText.seconds(Double(overwritten) / 1e9)) of the run lost, which the log overwrote before the collector had "
            + "taken the rest; a larger trace_log.size_mib waits for longer")
      }
      return parts.joined(separator: "; ")
    }
  }

  /// - Throws: when the log cannot be read, or the collector does not take the first request.
  func run() throws {
    let reader = try choice.reader()
    guard try choice.folder().phase().isLive else {
      return Output.note("the run has ended: no span will follow; without --follow all of it is sent")
    }
    let scan = try reader.catchUp()
    var stream = OTLPStream(scan.overview, ports: choice.ports)
    _ = scan.forEachBatch { stream.skip($0) }
    Interruption.watch()
    Output.note("following run \(reader.runID); Ctrl-C ends it")
    var readUntil = scan.overview.takenAt
    let progress = Progress()
    var count = Count()
    var isLive = true
    while isLive, !Interruption.hasCome {
      usleep(Self.period)
      // Asked first, so that the last records are read after the last was written.
      isLive = try choice.folder().phase().isLive
      let batch = try reader.readNew()
      if batch.completeSince > readUntil { count.overwritten += batch.completeSince - readUntil }
      readUntil = batch.takenAt
      try stream.goOn(batch, isLast: !isLive) { try send($0, $1, &count) }
      progress.note(count.text(collector))
    }
    Output.note("run \(reader.runID): \(count.text(collector))")
  }

  private func send(_ request: [UInt8], _ spans: Int, _ count: inout Count) throws {
    do {
      try collector.send(request)
      count.sent += spans
      count.requests += 1
    } catch let error as CollectorError {
      // One that has never taken anything is the wrong one.
      guard count.requests > 0 else { throw error }
      count.lost += spans
      count.reason = error.reason
      Output.note("\(spans) spans lost: \(error)")
    }
  }
}
