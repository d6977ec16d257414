import TraceLog

/// What the callers of the entry service saw, slice by slice.
struct EntryFigures {
  private let entry: EntryRequests
  private let edges: [UInt64]

  /// What ended in one slice, or in all.
  private struct Sum {
    var arrived = 0
    var answered = 0
    var errors: [Int]
    var responseTimes: [UInt64] = []
    var queueWaits: [UInt64] = []
    var inFlight: Double = 0
  }

  init(_ entry: EntryRequests, _ edges: [UInt64]) {
    self.entry = entry
    self.edges = edges
  }

  func add(to run: inout ComparedRun) {
    let (whole, slices) = sums()
    run.requests = whole.answered + whole.errors.reduce(0, +)
    let width = Double(edges[1] - edges[0]) / 1e9
    func rate(_ count: (Sum) -> Int) -> RunFigure {
      RunFigure(
        value: Double(count(whole)) / width / Double(slices.count), slices: slices.map { Double(count($0)) / width })
    }
    func each(_ value: (Sum) -> Double?) -> RunFigure {
      RunFigure(value: value(whole), slices: slices.compactMap(value))
    }
    run.figures[FigureKey(.arrivals)] = rate(\.arrived)
    run.figures[FigureKey(.throughput)] = rate(\.answered)
    for (place, type) in entry.errors.enumerated() {
      var figure = rate { $0.errors[place] }
      figure.count = whole.errors[place]
      if whole.errors[place] > 0 { run.figures[FigureKey(.errors, type: type)] = figure }
    }
    run.figures[FigureKey(.responseTimeP50)] = each { Self.percentile($0.responseTimes, 50) }
    run.figures[FigureKey(.responseTimeP95)] = each { Self.percentile($0.responseTimes, 95) }
    run.figures[FigureKey(.responseTimeP99)] = each { Self.percentile($0.responseTimes, 99) }
    run.figures[FigureKey(.inFlight)] = RunFigure(
      value: slices.reduce(0) { $0 + $1.inFlight } / Double(slices.count), slices: slices.map(\.inFlight))
    guard entry.knowsQueues else { return }
    run.figures[FigureKey(.queueWaitMean)] = each { Self.mean($0.queueWaits) }
    run.figures[FigureKey(.queueWaitP99)] = each { Self.percentile($0.queueWaits, 99) }
  }

  private func sums() -> (whole: Sum, slices: [Sum]) {
    let empty = Sum(errors: Array(repeating: 0, count: entry.errors.count))
    var slices = Array(repeating: empty, count: edges.count - 1)
    let levels = entry.inFlight(from: edges[0], bin: edges[1] - edges[0], count: slices.count)
    for (place, level) in levels.enumerated() { slices[place].inFlight = level }
    for request in entry.requests {
      if let place = slice(request.arrivedAt) { slices[place].arrived += 1 }
      if let place = slice(request.dequeuedAt) {
        slices[place].queueWaits.append(elapsed(request.arrivedAt, request.dequeuedAt))
      }
      guard request.isAnswered, let place = slice(request.endedAt) else { continue }
      if request.error >= 0 {
        slices[place].errors[Int(request.error)] += 1
      } else {
        slices[place].answered += 1
        slices[place].responseTimes.append(elapsed(request.arrivedAt, request.endedAt))
      }
    }
    var whole = empty
    for place in slices.indices {
      slices[place].responseTimes.sort()
      slices[place].queueWaits.sort()
      whole.arrived += slices[place].arrived
      whole.answered += slices[place].answered
      whole.responseTimes += slices[place].responseTimes
      whole.queueWaits += slices[place].queueWaits
      for type in whole.errors.indices { whole.errors[type] += slices[place].errors[type] }
    }
    whole.responseTimes.sort()
    whole.queueWaits.sort()
    return (whole, slices)
  }

  /// Each slice has its first moment and not its last.
  private func slice(_ time: UInt64) -> Int? {
    guard time >= edges[0], time < edges[edges.count - 1] else { return nil }
    return Int((time - edges[0]) / (edges[1] - edges[0]))
  }

  /// The smallest value that at least so many percent do not exceed: so that of a whole lies between those of its parts.
  static func percentile(_ sorted: [UInt64], _ percent: Int) -> Double? {
    sorted.isEmpty ? nil : Double(sorted[max(0, (sorted.count * percent + 99) / 100 - 1)])
  }

  private static func mean(_ values: [UInt64]) -> Double? {
    values.isEmpty ? nil : Double(values.reduce(0, &+)) / Double(values.count)
  }
}
