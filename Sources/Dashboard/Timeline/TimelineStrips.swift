import CascadeAnalysis
import ChainModel

/// How full each service was over a stretch of a run, cell by cell.
struct TimelineStrips {
  var from: UInt64
  var to: UInt64
  var cells: Int

  private var cell: UInt64 { max(1, (to - from) / UInt64(cells) + 1) }

  /// Keys: `from_ns`, `cell_ns`, `services` (of each `service`, `threads`, `queue` at the end, and `blocked`, `running`,
  /// `suspended` and `queued`: means by cell).
  func json(_ state: borrowing TimelineIndex.State) -> [UInt8] {
    var text = TimelineText()
    text.raw("{\"from_ns\":\(from),\"cell_ns\":\(cell),")
    write(state, &text)
    text.raw("}")
    return text.bytes
  }

  func write(_ state: borrowing TimelineIndex.State, _ text: inout TimelineText) {
    text.raw("\"services\":[")
    var names: [String] = []
    for lane in state.order where !names.contains(state.lanes[lane].service) { names.append(state.lanes[lane].service) }
    for (place, name) in names.enumerated() {
      if place > 0 { text.raw(",") }
      text.raw("{\"service\":")
      text.append(WireJSON.encode(name))
      strip(state, name, &text)
      text.raw("}")
    }
    text.raw("]")
  }

  private func strip(_ state: borrowing TimelineIndex.State, _ service: String, _ text: inout TimelineText) {
    var blocked = Array(repeating: UInt64(0), count: cells)
    var running = blocked
    var suspended = blocked
    var threads = 0
    let (begin, end) = (state.origin &+ from, state.origin &+ to)
    func take(_ start: UInt64, _ stop: UInt64, _ isRunning: Bool, requests: UInt32?) {
      if let requests {
        spread(start, stop, begin, times: UInt64(requests), into: &suspended)
      } else if isRunning {
        spread(start, stop, begin, into: &running)
      } else {
        spread(start, stop, begin, into: &blocked)
      }
    }
    for (number, lane) in state.lanes.enumerated() where lane.service == service {
      if lane.isOfThread, lane.role != .control, lane.role != .other { threads += 1 }
      let slices = lane.slices
      var index = slices.first(after: begin)
      while index < slices.count, slices[index].start < end {
        let slice = slices[index]
        take(slice.start, slice.end, slice.cause == 0, requests: lane.isOfThread ? nil : slices.requests(index))
        index += 1
      }
      if let open = state.open[number] {
        let requests: UInt32? = lane.isOfThread ? nil : UInt32(clamping: open.requests)
        take(open.start, state.end, open.cause == nil, requests: requests)
      }
    }
    var queued = Array(repeating: UInt64(0), count: cells)
    var last: Int32 = 0
    if let queue = state.queues.first(where: { $0.service == service }) {
      let first = queue.times.lastIndex { $0 <= begin } ?? 0
      for index in queue.times.indices[first...] {
        guard queue.times[index] < end else { break }
        last = queue.depths[index]
        let stop = index + 1 < queue.times.count ? queue.times[index + 1] : state.end
        if last > 0 { spread(queue.times[index], stop, begin, times: UInt64(last), into: &queued) }
      }
    }
    text.raw(",\"threads\":\(threads),\"queue\":\(max(0, last))")
    for (name, sums) in [("blocked", blocked), ("running", running), ("suspended", suspended), ("queued", queued)] {
      text.raw(",\"\(name)\":[")
      text.raw(sums.map { mean($0) }.joined(separator: ","))
      text.raw("]")
    }
  }

  /// Two decimals.
  private func mean(_ sum: UInt64) -> String {
    let hundredths = (sum &* 100 &+ cell / 2) / cell
    return hundredths % 100 == 0
      ? "\(hundredths / 100)" : "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  /// Shares out what lasted from one moment to another among the cells that it lies in.
  private func spread(
    _ first: UInt64, _ last: UInt64, _ begin: UInt64, times: UInt64 = 1, into sums: inout [UInt64]
  ) {
    guard last > first, last > begin else { return }
    let (start, end) = (first > begin ? first - begin : 0, min(last - begin, to - from))
    guard end > start else { return }
    let (low, high) = (Int(start / cell), min(cells - 1, Int((end - 1) / cell)))
    guard low <= high else { return }
    if low == high { return sums[low] &+= (end - start) &* times }
    sums[low] &+= (UInt64(low + 1) * cell - start) &* times
    for index in (low + 1)..<high { sums[index] &+= cell &* times }
    sums[high] &+= (min(end, UInt64(high + 1) * cell) - UInt64(high) * cell) &* times
  }
}
