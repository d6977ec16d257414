import CascadeAnalysis
import ChainModel
import TraceLog

/// Follows one run's log: keeps the chain's state, what it has counted, and its timeline up to date with what has been
/// written.
struct RunFollower {
  let runID: String
  let logs: [LogSource]
  let index = TimelineIndex()
  private let reader: LogReader
  private var filler: TimelineFiller
  private let limits: PageLimits
  private var frame: CascadeFold.Frame

  /// Takes in what has been written so far.
  init(runID: String, logs: [LogSource], limits: PageLimits) throws(TraceLogError) {
    (self.runID, self.logs, self.limits) = (runID, logs, limits)
    reader = try LogReader(logs)
    let scan = try reader.catchUp()
    filler = TimelineFiller(scan)
    filler.fill(index, scan, limits)
    frame = CascadeFold.Frame(scan)
  }

  /// Takes in what has been written since the last call.
  mutating func advance() throws(TraceLogError) {
    let scan = try reader.catchUp()
    filler.fill(index, scan, limits)
    frame.goOn(scan)
  }

  var replicas: ReplicaTable { filler.fold.replicas }

  mutating func beginWindow() { filler.fold.beginWindow() }

  /// The cascade since the window began, without blame.
  var report: CascadeReport { filler.fold.interimReport(frame) }

  var moment: ChainMoment { filler.fold.moment(from: frame.origin) }
}

/// Finds out who is to blame for what is in one run's log, which takes longer than all the rest: it is there while somebody
/// looks at the explanation.
struct RunExplainer {
  private let reader: LogReader
  private var fold: CascadeFold
  private var frame: CascadeFold.Frame

  /// - Parameters:
  ///   - logs: the run's.
  ///   - from: what was before, in nanoseconds from the run's start, is not counted.
  /// - Throws: when they cannot be read.
  init(_ logs: [LogSource], from: UInt64) throws(TraceLogError) {
    reader = try LogReader(logs)
    let scan = try reader.catchUp()
    let log = scan.overview
    let options = CascadeOptions(from: from == 0 ? 0 : log.createdAt &+ from)
    fold = CascadeFold(processes: log.processes, strings: log.strings, options: options)
    frame = CascadeFold.Frame(scan)
    take(scan)
  }

  /// Takes in what has been written since the last call.
  mutating func advance() throws(TraceLogError) {
    let scan = try reader.catchUp()
    frame.goOn(scan)
    take(scan)
  }

  private mutating func take(_ scan: LogScan) {
    fold.setStrings(scan.overview.strings)
    _ = scan.forEachBatch { records in
      for place in records.indices { fold.apply(records[place]) }
    }
  }

  mutating func beginWindow() { fold.beginWindow() }

  var report: CascadeReport { fold.interimReport(frame) }
}

extension CascadeFold.Frame {
  fileprivate init(_ scan: LogScan) {
    let log = scan.overview
    self.init(
      runID: log.runID, origin: log.createdAt, moment: scan.end, completeSince: log.completeSince, loss: log.loss)
  }

  /// Of a log that has grown.
  fileprivate mutating func goOn(_ scan: LogScan) {
    let last = moment
    self = CascadeFold.Frame(scan)
    moment = max(moment, last)
  }
}

/// Fills a timeline from a log, which is gone through once and may then grow.
struct TimelineFiller {
  var fold: CascadeFold
  private let told = Told()
  /// Where the timeline keeps the queue of a service of the fold; -1: nowhere yet.
  private var queues: [Int] = []

  /// What the fold has told of since the last look.
  private final class Told {
    var slices: [LaneSlice] = []
    var depths: [(service: Int32, time: UInt64, depth: Int32)] = []
  }

  init(_ scan: LogScan) {
    fold = CascadeFold(
      processes: scan.overview.processes, strings: scan.overview.strings, options: CascadeOptions(blames: false))
    fold.onSlice = { [told] in told.slices.append($0) }
    fold.onQueue = { [told] in told.depths.append(($0, $1, $2)) }
  }

  /// Takes in what the log has gained.
  /// - Parameters:
  ///   - index: the timeline.
  ///   - scan: what is new.
  ///   - limits: how much is kept of it.
  mutating func fill(_ index: TimelineIndex, _ scan: LogScan, _ limits: PageLimits) {
    fold.setStrings(scan.overview.strings)
    index.change { $0.learn(scan.overview) }
    _ = scan.forEachBatch { records in
      index.change { state in
        for place in records.indices {
          fold.apply(records[place])
          state.meet(records[place])
        }
        for slice in told.slices { state.add(slice) }
        for depth in told.depths { state.set(queue: queue(depth.service, &state), depth.time, depth.depth) }
        state.trim(limits)
      }
      told.slices.removeAll(keepingCapacity: true)
      told.depths.removeAll(keepingCapacity: true)
    }
    let open = fold.openSlices
    index.change { state in
      state.end = max(state.end, scan.end)
      state.setOpen(open)
      state.trim(limits)
      state.sort()
    }
  }

  private mutating func queue(_ service: Int32, _ state: inout TimelineIndex.State) -> Int {
    while queues.count <= Int(service) { queues.append(-1) }
    if queues[Int(service)] < 0 { queues[Int(service)] = state.queue(of: fold.serviceName(service)) }
    return queues[Int(service)]
  }
}
