import ChainModel
import TraceLog

/// The cascade's sums at the end of each slice, in one pass: a fold is a value, so a copy of it can be brought to its end
/// at every edge while the fold itself goes on. What lies between two edges is the difference of two reports.
struct SlicedCascade {
  /// From the first edge to each of the others.
  let reports: [CascadeReport]
  private let edges: [UInt64]

  /// Takes edges in ascending order, at least two.
  init(_ snapshot: LogSnapshot, edges: [UInt64]) {
    self.edges = edges
    var reports: [CascadeReport] = []
    var fold = CascadeFold(
      processes: snapshot.processes, strings: snapshot.strings,
      options: CascadeOptions(from: edges.first ?? 0, to: edges.last ?? 0))
    var ends = edges.dropFirst()
    func reach(_ end: UInt64) {
      var ended = fold
      reports.append(
        ended.report(
          CascadeFold.Frame(
            runID: snapshot.runID, origin: snapshot.createdAt, moment: end, completeSince: snapshot.completeSince,
            loss: snapshot.loss)))
    }
    for record in snapshot.records {
      while let end = ends.first, record.time > end {
        reach(end)
        ends.removeFirst()
      }
      if ends.isEmpty { break }
      fold.apply(record)
    }
    for end in ends { reach(end) }
    self.reports = reports
  }

  var whole: CascadeReport? { reports.last }

  /// A sum over the whole, and what each slice adds to it; from one slice to the next a sum never falls, but for the
  /// saturations that turn out too short.
  func figure(per divisor: (UInt64) -> Double, _ sum: (CascadeReport) -> UInt64) -> RunFigure {
    var before: UInt64 = 0
    var slices: [Double] = []
    for (place, report) in reports.enumerated() {
      let total = sum(report)
      slices.append(Double(total - min(total, before)) / divisor(edges[place + 1] &- edges[place]))
      before = total
    }
    let span = divisor((edges.last ?? 0) &- (edges.first ?? 0))
    return RunFigure(value: Double(before) / span, slices: slices)
  }

  /// The same for the quotient of two sums; slices in which the lower one does not grow have none.
  func quotient(_ upper: (CascadeReport) -> UInt64, by lower: (CascadeReport) -> UInt64) -> RunFigure {
    var before: (upper: UInt64, lower: UInt64) = (0, 0)
    var figure = RunFigure()
    for report in reports {
      let now = (upper: upper(report), lower: lower(report))
      if now.lower > before.lower {
        figure.slices.append(Double(now.upper - min(now.upper, before.upper)) / Double(now.lower - before.lower))
      }
      before = (max(now.upper, before.upper), max(now.lower, before.lower))
    }
    if before.lower > 0 { figure.value = Double(before.upper) / Double(before.lower) }
    return figure
  }
}
