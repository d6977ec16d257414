import CascadeAnalysis
import ChainModel
import TraceLog

/// The timelines that are held: that of the chain which runs, and of the runs that were looked at last.
actor TimelineLibrary {
  private static let limit = 3

  private let access: any LabAccess
  private let feed: LiveFeed
  private var held: [(run: String, index: TimelineIndex)] = []

  init(access: any LabAccess, feed: LiveFeed) {
    self.access = access
    self.feed = feed
  }

  func index(_ run: String) async throws -> TimelineIndex {
    if let live = try await live(run) { return live }
    if let place = held.firstIndex(where: { $0.run == run }) {
      held.append(held.remove(at: place))
      return held[held.count - 1].index
    }
    let index = try Self.read(try LogReader(path: try access.logPath(run: run)))
    held.append((run, index))
    if held.count > Self.limit { held.removeFirst() }
    return index
  }

  /// The running chain's, if it is meant.
  private func live(_ run: String) async throws -> TimelineIndex? {
    guard let index = await feed.timeline() else {
      guard run != "current" else { throw PageRefusal(404, "no chain is running") }
      return nil
    }
    let id = await feed.runID
    return run == "current" || run == id ? index : nil
  }

  private func id(_ run: String) async throws -> String {
    guard run == "current" else { return run }
    guard let id = await feed.runID else { throw PageRefusal(404, "no chain is running") }
    return id
  }

  private static func read(_ reader: LogReader) throws -> TimelineIndex {
    let scan = try reader.scan()
    let log = scan.overview
    let index = TimelineIndex()
    var fold = CascadeFold(processes: log.processes, strings: log.strings, options: CascadeOptions(blames: false))
    let ended = RunFollower.Ended()
    ended.listen(to: &fold)
    let moment = log.isFinished ? scan.lastTime : log.takenAt
    index.change { $0.learn(log) }
    _ = scan.forEachBatch { records in
      index.change { state in
        for place in records.indices {
          let record = records[place]
          guard record.time <= moment else { break }
          fold.apply(record)
          state.meet(record)
        }
        ended.empty(into: &state)
      }
    }
    let open = fold.openSlices
    index.change { state in
      state.end = max(state.end, min(moment, scan.lastTime))
      state.setOpen(open)
      state.trim()
      state.sort()
    }
    return index
  }

  // MARK: From the log itself

  private func reader(_ run: String) async throws -> LogReader {
    try LogReader(path: try access.logPath(run: try await id(run)))
  }

  func cascade(_ run: String, _ span: ClosedRange<UInt64>) async throws -> CascadeReport {
    let scan = try await reader(run).scan()
    let origin = scan.overview.createdAt
    let whole = span.lowerBound == 0 && span.upperBound == 1 << 53
    return CascadeReport(
      scan,
      options: whole
        ? CascadeOptions() : CascadeOptions(from: origin &+ span.lowerBound, to: origin &+ span.upperBound))
  }

  func trace(_ run: String, _ name: String) async throws -> TraceWaterfall {
    let scan = try await reader(run).scan()
    let isSpan = name.hasPrefix("span:")
    guard let wanted = isSpan ? Self.trace(of: SpanID(hex: String(name.dropFirst(5))), scan) : TraceID(hex: name),
      let waterfall = TraceWaterfall(scan, trace: wanted)
    else { throw PageRefusal(404, "the log holds no trace '\(PlainText.clean(name))'") }
    return waterfall
  }

  private static func trace(of span: SpanID?, _ scan: LogScan) -> TraceID? {
    guard let span else { return nil }
    var found: TraceID?
    _ = scan.forEachBatch { records in
      guard found == nil else { return }
      for place in records.indices {
        let record = records[place]
        if record.span == span.rawValue, record.kind != .attribute, let trace = record.trace { found = trace }
      }
    }
    return found
  }

  func search(_ run: String, _ query: String, from: UInt64) async throws -> TimelineSearch {
    guard (1...200).contains(query.count) else {
      throw PageRefusal(400, "q: found \(query.count) characters, expected 1 to 200")
    }
    let index = try await index(run)
    return TimelineSearch(try await reader(run).scan(), query, from: from, index)
  }
}
