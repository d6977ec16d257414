import CPage
import CascadeAnalysis
import ChainModel
import EventLoop
import TraceLog

/// The timelines that are held: that of the chain which runs, and of the runs that were looked at last, for some minutes.
actor TimelineLibrary {
  private static let limit = 3
  private static let pause = Duration.seconds(20)

  private let access: any LabAccess
  private let feed: LiveFeed
  private let limits: PageLimits
  private var held: [(run: String, index: TimelineIndex, usedAt: UInt64)] = []

  init(access: any LabAccess, feed: LiveFeed, limits: PageLimits) {
    self.limits = limits
    self.access = access
    self.feed = feed
  }

  func index(_ run: String) async throws -> TimelineIndex {
    if let live = try await live(run) { return live }
    let now = Monotonic.now()
    if let place = held.firstIndex(where: { $0.run == run }) {
      let index = held.remove(at: place).index
      held.append((run, index, now))
      return index
    }
    let index = try read(try LogReader(try access.logs(run: run)))
    held.append((run, index, now))
    // As much as one timeline may have, over all of them: the last one stays.
    while held.count > 1, held.count > Self.limit || size > limits.slices { held.removeFirst() }
    return index
  }

  private var size: Int { held.reduce(0) { $0 + $1.index.read { $0.held } } }

  /// The running chain's, if it is meant.
  private func live(_ run: String) async throws -> TimelineIndex? {
    guard let index = await feed.timeline() else {
      guard run != "current" else { throw LocalRefusal(404, "no chain is running") }
      return nil
    }
    let id = await feed.runID
    return run == "current" || run == id ? index : nil
  }

  private func id(_ run: String) async throws -> String {
    guard run == "current" else { return run }
    guard let id = await feed.runID else { throw LocalRefusal(404, "no chain is running") }
    return id
  }

  private func read(_ reader: LogReader) throws -> TimelineIndex {
    let scan = try reader.scan()
    let index = TimelineIndex()
    var filler = TimelineFiller(scan)
    filler.fill(index, scan, limits)
    // A log of spans alone has no threads.
    if index.read({ $0.order.isEmpty }), let lanes = SpanLanes(try reader.snapshot()) {
      index.change { $0.add(lanes, limits) }
    }
    return index
  }

  /// Lets go of what nobody has looked at for a while, and gives the memory back, until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.pause)
      let now = Monotonic.now()
      held.removeAll { now &- $0.usedAt > limits.unseenPast.nanoseconds }
      page_give_memory_back()
    }
  }

  // MARK: From the log itself

  private func reader(_ run: String) async throws -> LogReader {
    try LogReader(try access.logs(run: try await id(run)))
  }

  /// What happened to the threads, or, where a log has none, to the requests of the whole run.
  func cascade(_ run: String, _ span: ClosedRange<UInt64>) async throws -> RunExplanation {
    let isOfSpans = try await index(run).read { $0.isOfSpans }
    let reader = try await reader(run)
    if isOfSpans, let report = RequestReport(try reader.snapshot()) { return .requests(report) }
    return .threads(try cascade(reader, span))
  }

  private func cascade(_ reader: LogReader, _ span: ClosedRange<UInt64>) throws -> CascadeReport {
    let scan = try reader.scan()
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
    else { throw LocalRefusal(404, "the log holds no trace '\(PlainText.clean(name))'") }
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
      throw LocalRefusal(400, "q: found \(query.count) characters, expected 1 to 200")
    }
    let index = try await index(run)
    return TimelineSearch(try await reader(run).scan(), query, from: from, index)
  }
}

/// The keys of `CascadeReport`, or those of `RequestReport`, whose `threads` are "not known".
enum RunExplanation: Encodable, Sendable {
  case threads(CascadeReport)
  case requests(RequestReport)

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .threads(let report): try report.encode(to: encoder)
    case .requests(let report): try report.encode(to: encoder)
    }
  }
}
