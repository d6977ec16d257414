/// The critical path as a row of cells, each showing what that slice of the trace was mostly spent on.
struct CriticalBar {
  private let path: CriticalPath
  private let start: Double
  private let cell: Double
  private let cells: Int

  init(_ path: CriticalPath, from start: UInt64, duration: UInt64, cells: Int) {
    self.path = path
    self.start = Double(start)
    cell = max(Double(duration), 1) / Double(cells)
    self.cells = cells
  }

  var text: String {
    var sums = Array(repeating: [CriticalPath.Phase: Double](), count: cells)
    for segment in path.segments {
      let from = Double(segment.start) - start
      let to = from + Double(segment.duration)
      let first = min(cells - 1, max(0, Int(from / cell)))
      let last = min(cells - 1, max(first, Int(to / cell)))
      for index in first...last {
        let overlap = min(to, Double(index + 1) * cell) - max(from, Double(index) * cell)
        if overlap > 0 { sums[index][segment.phase, default: 0] += overlap }
      }
    }
    return String(sums.map(Self.character))
  }

  private static func character(_ sums: [CriticalPath.Phase: Double]) -> Character {
    let phases = CriticalPath.Phase.allCases.filter { sums[$0] != nil }
    switch phases.max(by: { sums[$0] ?? 0 < sums[$1] ?? 0 }) {
    case .queue: return "░"
    case .run: return "█"
    case .wait: return "▒"
    case .transit: return "─"
    case .gap, nil: return " "
    }
  }
}
