import ChainModel

/// What the run cost its services, slice by slice. A figure that the log cannot have (threads of an imported trace) is
/// left out: not known is not zero.
struct ServiceFigures {
  private let scan: RunScan
  private let cascade: SlicedCascade
  private let edges: [UInt64]

  init(_ scan: RunScan, _ cascade: SlicedCascade, _ edges: [UInt64]) {
    self.scan = scan
    self.cascade = cascade
    self.edges = edges
  }

  func add(to run: inout ComparedRun) {
    let peaks = scan.threads.peaks(edges)
    for (service, known) in scan.knowledge {
      for (kind, figure) in costs(service, known) { run.figures[FigureKey(kind, service: service)] = figure }
      guard known.threads, let peak = peaks[service] else { continue }
      run.figures[FigureKey(.peakThreads, service: service)] = RunFigure(
        value: peak.max().map(Double.init), slices: peak.map(Double.init))
    }
    guard scan.knowledge.values.contains(where: \.threads), let whole = cascade.whole else { return }
    let root = whole.verdict.top ?? whole.blame.first ?? whole.requestBlame.first
    run.mostBlamed = root
    run.verdict = root == nil ? nil : whole.verdict.kind
    guard let root = root?.text else { return }
    amplification(root, &run)
    for (service, known) in scan.knowledge where known.threads {
      run.figures[FigureKey(.capture, service: service)] = capture(root, service)
    }
  }

  private func costs(_ service: String, _ known: RunScan.Knowledge) -> [FigureKey.Kind: RunFigure] {
    func cost(_ report: CascadeReport) -> ServiceCost? { report.services.first { $0.service == service } }
    func mean(_ sum: (CascadeReport) -> UInt64) -> RunFigure { cascade.figure(per: { Double($0) }, sum) }
    var figures: [FigureKey.Kind: RunFigure] = [:]
    if known.threads { figures[.blocked] = mean { cost($0)?.blockedTotal ?? 0 } }
    if known.threads || known.waits { figures[.waiting] = mean { cost($0)?.waitingTotal ?? 0 } }
    if known.threads || known.queues { figures[.queued] = mean { cost($0)?.queued ?? 0 } }
    if known.threads, known.queues {
      figures[.saturated] = mean { report in
        report.saturations.filter { $0.service == service }.map(\.duration).max() ?? 0
      }
    }
    if known.loops {
      func loops(_ report: CascadeReport) -> [LoopReport] { report.loops.filter { $0.service == service } }
      figures[.loopStalls] = cascade.figure(per: { Double($0) / 1e9 }) { report in
        loops(report).reduce(0) { $0 &+ UInt64($1.stalls) }
      }
      figures[.loopStalled] = mean { report in loops(report).reduce(0) { $0 &+ $1.stalled } }
    }
    return figures
  }

  // MARK: The most blamed state

  private func row(_ rows: [BlameRow], _ root: String) -> BlameRow? { rows.first { $0.text == root } }

  private func amplification(_ root: String, _ run: inout ComparedRun) {
    let threads = cascade.quotient(
      { row($0.blame, root)?.held ?? 0 }, by: { row($0.blame, root)?.own ?? 0 })
    // Where nobody's thread is ever in the state, none is held by it either.
    run.figures[FigureKey(.threadAmplification)] =
      threads.value == nil ? RunFigure(value: 0, slices: edges.dropFirst().map { _ in 0 }) : threads
    run.figures[FigureKey(.requestAmplification)] = cascade.quotient(
      { row($0.requestBlame, root)?.held ?? 0 }, by: { row($0.requestBlame, root)?.own ?? 0 })
  }

  private func capture(_ root: String, _ service: String) -> RunFigure {
    let figure = cascade.quotient(
      { report in
        guard let row = row(report.blame, root), let held = row.byService[service] else { return 0 }
        return row.service == service ? held - min(held, row.ownBlocked) : held
      },
      by: { report in report.services.first { $0.service == service }?.threadTime ?? 0 })
    return figure
  }
}
