import CascadeAnalysis
import ChainModel
import TraceLog

/// Follows one run's log: keeps the chain's state, its cascade, and its timeline up to date with what has been written.
struct RunFollower {
  let runID: String
  let logs: [LogSource]
  let index = TimelineIndex()
  private let reader: LogReader
  private var fold: CascadeFold
  private let ended: Ended
  private let limits: PageLimits
  private(set) var frame: CascadeFold.Frame

  /// What a fold has told of since the last look.
  final class Ended {
    private var slices: [LaneSlice] = []
    private var depths: [(service: String, time: UInt64, depth: Int32)] = []

    func listen(to fold: inout CascadeFold) {
      fold.onSlice = { [self] in slices.append($0) }
      fold.onQueue = { [self] in depths.append(($0, $1, $2)) }
    }

    func empty(into state: inout TimelineIndex.State) {
      for slice in slices { state.add(slice) }
      for depth in depths { state.queue(depth.service, depth.time, depth.depth) }
      slices.removeAll(keepingCapacity: true)
      depths.removeAll(keepingCapacity: true)
    }
  }

  /// Takes in what has been written so far.
  init(runID: String, logs: [LogSource], limits: PageLimits) throws(TraceLogError) {
    (self.runID, self.logs) = (runID, logs)
    self.limits = limits
    reader = try LogReader(logs)
    let scan = try reader.catchUp()
    let log = scan.overview
    (fold, ended) = index.fill(scan, CascadeFold(processes: log.processes, strings: log.strings), limits)
    frame = Self.frame(log)
  }

  /// Takes in what has been written since the last call.
  mutating func advance() throws(TraceLogError) {
    let log = try reader.readNew()
    fold.setStrings(log.strings)
    for record in log.records { fold.apply(record) }
    frame = Self.frame(log)
    let open = fold.openSlices
    index.change { state in
      state.learn(log)
      for record in log.records { state.meet(record) }
      state.end = max(state.end, min(log.moment, log.takenAt))
      ended.empty(into: &state)
      state.setOpen(open)
      state.trim(limits)
      state.sort()
    }
  }

  private static func frame(_ log: LogSnapshot) -> CascadeFold.Frame {
    CascadeFold.Frame(
      runID: log.runID, origin: log.createdAt, moment: log.moment, completeSince: log.completeSince, loss: log.loss)
  }

  var replicas: ReplicaTable { fold.replicas }

  mutating func beginWindow() { fold.beginWindow() }

  /// The cascade since the window began.
  var report: CascadeReport { fold.interimReport(frame) }

  var moment: ChainMoment { fold.moment(from: frame.origin) }
}

extension TimelineIndex {
  /// Takes in a log that has been gone through once, piece by piece.
  /// - Parameters:
  ///   - scan: the log.
  ///   - fresh: a fold that has seen nothing yet.
  ///   - limits: how much is kept of it.
  /// - Returns: the fold behind the last record, and who listens to it.
  func fill(_ scan: LogScan, _ fresh: CascadeFold, _ limits: PageLimits) -> (CascadeFold, RunFollower.Ended) {
    var fold = fresh
    let ended = RunFollower.Ended()
    ended.listen(to: &fold)
    let log = scan.overview
    let moment = log.isFinished ? scan.lastTime : log.takenAt
    change { $0.learn(log) }
    _ = scan.forEachBatch { records in
      change { state in
        for place in records.indices {
          let record = records[place]
          guard record.time <= moment else { break }
          fold.apply(record)
          state.meet(record)
        }
        ended.empty(into: &state)
        state.trim(limits)
      }
    }
    let open = fold.openSlices
    change { state in
      state.end = max(state.end, min(moment, scan.lastTime))
      state.setOpen(open)
      state.trim(limits)
      state.sort()
    }
    return (fold, ended)
  }
}
