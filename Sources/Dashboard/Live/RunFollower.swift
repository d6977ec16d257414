import CascadeAnalysis
import ChainModel
import TraceLog

/// Follows one run's log: keeps the chain's state, its cascade, and its timeline up to date with what has been written.
struct RunFollower {
  let runID: String
  let index = TimelineIndex()
  private let reader: LogReader
  private var fold: CascadeFold?
  private let ended = Ended()
  private(set) var frame: CascadeFold.Frame

  /// What the fold has told of since the last look.
  final class Ended {
    private var slices: [ThreadSlice] = []
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

  init(runID: String, path: String) throws(TraceLogError) {
    self.runID = runID
    reader = try LogReader(path: path)
    frame = CascadeFold.Frame(runID: runID, origin: 0, moment: 0, completeSince: 0, loss: LogLoss())
  }

  /// Takes in what has been written since the last call.
  /// - Returns: how many records that were.
  mutating func advance() throws(TraceLogError) -> Int {
    let log = try reader.readNew()
    if fold == nil {
      var fresh = CascadeFold(processes: log.processes, strings: log.strings)
      ended.listen(to: &fresh)
      fold = fresh
    }
    fold?.setStrings(log.strings)
    for record in log.records { fold?.apply(record) }
    frame = CascadeFold.Frame(
      runID: log.runID, origin: log.createdAt, moment: log.moment, completeSince: log.completeSince, loss: log.loss)
    fill(log)
    return log.records.count
  }

  private func fill(_ log: LogSnapshot) {
    let open = fold?.openSlices ?? []
    let moment = log.moment
    index.change { state in
      state.learn(log)
      for record in log.records { state.meet(record) }
      state.end = max(state.end, min(moment, Monotonic.now()))
      ended.empty(into: &state)
      state.setOpen(open)
      state.trim()
      state.sort()
    }
  }

  mutating func beginWindow() { fold?.beginWindow() }

  /// The cascade since the window began.
  var report: CascadeReport? { fold?.interimReport(frame) }

  var moment: ChainMoment? { fold?.moment(from: frame.origin) }
}
