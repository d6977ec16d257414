/// A stretch of time as a row of cells, each showing what that slice of it was mostly spent on.
struct PhaseBar {
  struct Part {
    var phase: CriticalPath.Phase
    var start: UInt64
    var duration: UInt64
  }

  private let parts: [Part]
  private let start: Double
  private let cell: Double
  private let cells: Int

  init(_ parts: [Part], from start: UInt64, duration: UInt64, cells: Int) {
    self.parts = parts
    self.start = Double(start)
    cell = max(Double(duration), 1) / Double(cells)
    self.cells = cells
  }

  var text: String {
    var sums = Array(repeating: [CriticalPath.Phase: Double](), count: cells)
    for part in parts {
      let from = Double(part.start) - start
      let to = from + Double(part.duration)
      let first = min(cells - 1, max(0, Int(from / cell)))
      let last = min(cells - 1, max(first, Int(to / cell)))
      for index in first...last {
        let overlap = min(to, Double(index + 1) * cell) - max(from, Double(index) * cell)
        if overlap > 0 { sums[index][part.phase, default: 0] += overlap }
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
    case .loop: return "▓"
    case .gap, nil: return " "
    }
  }
}
