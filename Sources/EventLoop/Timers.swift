/// Something to be done at a moment, which can be called off.
package final class Timer {
  fileprivate var action: (() -> Void)?

  fileprivate init(_ action: @escaping () -> Void) {
    self.action = action
  }

  /// It will not run any more, and holds nothing from now on.
  package func cancel() { action = nil }
}

/// The timers of one loop: a binary heap, the next one on top. What was called off keeps its place until its time has
/// come, or until there are more of those than of others.
struct Timers {
  private struct Entry {
    var moment: UInt64
    /// Timers of one moment keep their order.
    var number: UInt64
    var timer: Timer

    func isBefore(_ other: Entry) -> Bool { (moment, number) < (other.moment, other.number) }
  }

  private var heap: [Entry] = []
  private var added: UInt64 = 0
  private var sweepAt = Timers.leastSweep

  private static let leastSweep = 64

  /// When the next one is due.
  var next: UInt64? { heap.first?.moment }

  var count: Int { heap.count }

  mutating func add(at moment: UInt64, _ action: @escaping () -> Void) -> Timer {
    let timer = Timer(action)
    // What is never due needs no place.
    guard moment < UInt64(Int64.max) else { return timer }
    if heap.count >= sweepAt { sweep() }
    added &+= 1
    heap.append(Entry(moment: moment, number: added, timer: timer))
    rise(from: heap.count - 1)
    return timer
  }

  /// What is to be done for the next timer that is due, which is then gone.
  mutating func takeDue(at now: UInt64) -> (() -> Void)? {
    while let first = heap.first, first.moment <= now {
      removeFirst()
      guard let action = first.timer.action else { continue }
      first.timer.action = nil
      return action
    }
    return nil
  }

  private mutating func sweep() {
    heap.removeAll { $0.timer.action == nil }
    heap.sort { $0.isBefore($1) }
    sweepAt = max(Self.leastSweep, 2 * heap.count)
  }

  private mutating func removeFirst() {
    let last = heap.removeLast()
    guard !heap.isEmpty else { return }
    heap[0] = last
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { return }
      if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
      guard heap[child].isBefore(heap[place]) else { return }
      heap.swapAt(child, place)
      place = child
    }
  }

  private mutating func rise(from start: Int) {
    var place = start
    while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }
}
