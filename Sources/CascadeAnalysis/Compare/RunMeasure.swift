import ChainModel
import TraceLog

/// Finds the steady part of a run and measures it.
struct RunMeasure {
  private let snapshot: LogSnapshot
  private let options: CompareOptions

  init(_ snapshot: LogSnapshot, _ options: CompareOptions) {
    self.snapshot = snapshot
    self.options = options
  }

  func measure(_ run: inout ComparedRun) {
    let window = window(run.load)
    let overview = CascadeReport(snapshot, options: CascadeOptions(from: window.from, to: window.to))
    let scan = RunScan(snapshot, entry: overview.entry)
    run.entry = scan.entryName
    run.services = services(overview, scan)
    guard let load = stretch(scan.entry.requests, window) else {
      run.doubts.append("no request arrived in the time of its load")
      return settle(&run, scan, from: window.from, to: min(window.to, snapshot.moment))
    }
    run.loadFrom = elapsed(snapshot.createdAt, load.from)
    run.loadTo = elapsed(snapshot.createdAt, load.to)
    doubt(&run, since: load.from)
    guard let edges = steady(scan.entry, load) else {
      run.doubts.append("its load is too short to be cut into \(options.slices) slices")
      return settle(&run, scan, from: load.from, to: load.to)
    }
    let (from, to) = (edges[0], edges[edges.count - 1])
    run.steadyFrom = elapsed(snapshot.createdAt, from)
    run.steadyTo = elapsed(snapshot.createdAt, to)
    settle(&run, scan, from: from, to: to)
    EntryFigures(scan.entry, edges).add(to: &run)
    ServiceFigures(scan, SlicedCascade(snapshot, edges: edges), edges).add(to: &run)
    onsets(&run, scan, overview, from: load.from)
  }

  // MARK: Where to look

  /// The load's time, less what the log has lost.
  private func window(_ load: ComparedLoad?) -> (from: UInt64, to: UInt64) {
    guard let load, load.startedAt > snapshot.wallOffset else { return (snapshot.completeSince, .max) }
    let start = load.startedAt - snapshot.wallOffset
    let (end, isFar) = start.addingReportingOverflow(load.duration)
    return (max(start, snapshot.completeSince), isFar ? .max : max(end, start))
  }

  /// From the first request to the last in the window. What comes behind it is the drain: for a while as many are in flight
  /// as before, but it is load no longer.
  private func stretch(_ requests: [EntryRequest], _ window: (from: UInt64, to: UInt64)) -> (from: UInt64, to: UInt64)?
  {
    var (from, to) = (UInt64.max, UInt64(0))
    for request in requests where request.arrivedAt >= window.from && request.arrivedAt <= window.to {
      from = min(from, request.arrivedAt)
      to = max(to, request.arrivedAt)
    }
    return to > from ? (from, to) : nil
  }

  /// The edges of the slices of the steady part; nil where it is too short.
  private func steady(_ entry: EntryRequests, _ load: (from: UInt64, to: UInt64)) -> [UInt64]? {
    var bin = options.bin
    while (load.to - load.from) / bin >= UInt64(SteadyFit.binLimit), bin < .max / 2 { bin *= 2 }
    // The last bin is whole or left out: half a bin without requests is no change of the load.
    let count = Int((load.to - load.from) / bin)
    guard count > 0, let fit = SteadyFit(entry.inFlight(from: load.from, bin: bin, count: count)) else { return nil }
    let from = load.from + bin * UInt64(fit.bins.lowerBound)
    let length = bin * UInt64(fit.bins.count)
    guard length / 2 > options.trim else { return nil }
    let width = (length - 2 * options.trim) / UInt64(options.slices)
    guard width >= options.bin else { return nil }
    return (0...UInt64(options.slices)).map { from + options.trim + width * $0 }
  }

  // MARK: What goes with it

  private func settle(_ run: inout ComparedRun, _ scan: RunScan, from: UInt64, to: UInt64) {
    let logged = scan.settings.settings(from: from, to: to)
    let known = Set(logged.map { [$0.service, $0.name] })
    run.settings = run.settings.filter { !known.contains([$0.service, $0.name]) } + logged
  }

  private func doubt(_ run: inout ComparedRun, since start: UInt64) {
    var loss = snapshot.loss
    if snapshot.completeSince > 0 {
      let at = FigureText.moment(elapsed(snapshot.createdAt, snapshot.completeSince))
      if snapshot.completeSince >= start || run.load != nil && isCut(run.load) {
        run.doubts.append("its log has wrapped: what was before \(at) is lost, so it is left out")
      }
      loss.overwritten = 0
    }
    if !loss.isNothing { run.doubts.append("its log is incomplete: \(loss.text)") }
  }

  private func isCut(_ load: ComparedLoad?) -> Bool {
    guard let load, load.startedAt > snapshot.wallOffset else { return false }
    return load.startedAt - snapshot.wallOffset < snapshot.completeSince
  }

  /// Callers before callees, as the calls of the run tell; then the rest by name.
  private func services(_ report: CascadeReport, _ scan: RunScan) -> [String] {
    var order = scan.entryName.map { [$0] } ?? []
    var next = 0
    while next < order.count {
      for hold in report.holds where hold.caller == order[next] && !order.contains(hold.callee) {
        order.append(hold.callee)
      }
      next += 1
    }
    let rest = Set(scan.knowledge.keys).union(report.services.map(\.service)).subtracting(order)
    return order + rest.sorted()
  }

  private func onsets(_ run: inout ComparedRun, _ scan: RunScan, _ report: CascadeReport, from start: UInt64) {
    let origin = elapsed(snapshot.createdAt, start)
    // The load's beginning is lost, and with it perhaps the onset.
    guard !isCut(run.load), snapshot.completeSince < start || snapshot.completeSince == 0 else { return }
    for (service, known) in scan.knowledge where known.threads && known.queues {
      let first = report.saturations.filter { $0.service == service }.map(\.onset).min()
      run.figures[FigureKey(.onset, service: service)] = RunFigure(value: first.map { Double(elapsed(origin, $0)) })
    }
  }
}
