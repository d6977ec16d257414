import CascadeAnalysis
import ChainModel
import TraceLog

/// A whole run in one strip: how many threads of each service were blocked, cell by cell, and which lanes there are.
struct TimelineOverview {
  var cells: Int
  var limits: PageLimits

  /// Keys: `run_id`, `records`, `from_ns`, `to_ns` (from the run's start), `complete_since_ns`, `kept_since_ns` (what was
  /// before is in the log alone, 0: nothing is; the limits are `keeps` and `keeps_ns`), `lanes` (arrays of service,
  /// thread, role, slices), `events` (arrays of time, process, what), `services` (of each `service`, `threads`, `blocked`,
  /// `running`, `suspended` and `queued`: means by cell). A row of suspended requests is a lane of the role `suspended`.
  func json(_ state: borrowing TimelineIndex.State) -> [UInt8] {
    let length = max(1, state.end &- state.origin)
    var text = TimelineText()
    text.raw("{\"run_id\":")
    text.append(WireJSON.encode(PlainText.clean(state.runID)))
    let since = state.completeSince > state.origin ? state.completeSince - state.origin : 0
    text.raw(",\"records\":\(state.records)")
    text.raw(",\"from_ns\":0,\"to_ns\":\(length),\"complete_since_ns\":\(since)")
    let kept = state.keptSince > state.origin ? state.keptSince - state.origin : 0
    text.raw(",\"kept_since_ns\":\(kept),\"keeps\":\(limits.slices)")
    text.raw(",\"keeps_ns\":\(limits.age.nanoseconds),\"lanes\":[")
    for (place, lane) in state.order.enumerated() {
      if place > 0 { text.raw(",") }
      text.append(
        WireJSON.encode([
          state.lanes[lane].service, state.lanes[lane].thread, state.lanes[lane].roleName,
          "\(state.lanes[lane].slices.count)",
        ]))
    }
    text.raw("],\"events\":[")
    for (place, event) in state.events.enumerated() {
      if place > 0 { text.raw(",") }
      text.raw("[\(event.time > state.origin ? event.time - state.origin : 0),")
      text.append(WireJSON.encode(state.processes[event.process] ?? "process \(event.process)"))
      text.raw(",")
      text.append(WireJSON.encode(event.text))
      text.raw("]")
    }
    text.raw("],\"services\":[")
    var names: [String] = []
    for lane in state.order where !names.contains(state.lanes[lane].service) { names.append(state.lanes[lane].service) }
    for (place, name) in names.enumerated() {
      if place > 0 { text.raw(",") }
      text.raw("{\"service\":")
      text.append(WireJSON.encode(name))
      strip(state, name, length, &text)
      text.raw("}")
    }
    text.raw("]}")
    return text.bytes
  }

  private func strip(
    _ state: borrowing TimelineIndex.State, _ service: String, _ length: UInt64, _ text: inout TimelineText
  ) {
    var blocked = Array(repeating: UInt64(0), count: cells)
    var running = blocked
    var suspended = blocked
    var threads = 0
    let cell = max(1, length / UInt64(cells) + 1)
    let origin = state.origin
    func take(_ start: UInt64, _ end: UInt64, _ isRunning: Bool, requests: UInt32?) {
      if let requests {
        Self.spread(start &- origin, end &- origin, cell, times: UInt64(requests), into: &suspended)
      } else if isRunning {
        Self.spread(start &- origin, end &- origin, cell, into: &running)
      } else {
        Self.spread(start &- origin, end &- origin, cell, into: &blocked)
      }
    }
    for (number, lane) in state.lanes.enumerated() where lane.service == service {
      if lane.isOfThread, lane.role != .control, lane.role != .other { threads += 1 }
      let slices = lane.slices
      for index in 0..<slices.count {
        let requests: UInt32? = lane.isOfThread ? nil : slices.requests.isEmpty ? 1 : slices.requests[index]
        take(slices.starts[index], slices.ends[index], slices.causes[index] == 0, requests: requests)
      }
      if let open = state.open[number] {
        let requests: UInt32? = lane.isOfThread ? nil : UInt32(clamping: open.requests)
        take(open.start, state.end, open.cause == nil, requests: requests)
      }
    }
    var queued = Array(repeating: UInt64(0), count: cells)
    if let queue = state.queues[service] {
      for index in queue.times.indices where queue.depths[index] > 0 {
        let end = index + 1 < queue.times.count ? queue.times[index + 1] : state.end
        Self.spread(
          queue.times[index] &- state.origin, end &- state.origin, cell, times: UInt64(queue.depths[index]),
          into: &queued)
      }
    }
    text.raw(",\"threads\":\(threads)")
    for (name, sums) in [("blocked", blocked), ("running", running), ("suspended", suspended), ("queued", queued)] {
      text.raw(",\"\(name)\":[")
      text.raw(sums.map { Self.mean($0, cell) }.joined(separator: ","))
      text.raw("]")
    }
  }

  /// Two decimals.
  private static func mean(_ sum: UInt64, _ cell: UInt64) -> String {
    let hundredths = (sum &* 100 &+ cell / 2) / cell
    return hundredths % 100 == 0
      ? "\(hundredths / 100)" : "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }

  private static func spread(
    _ start: UInt64, _ end: UInt64, _ cell: UInt64, times: UInt64 = 1, into sums: inout [UInt64]
  ) {
    guard end > start, end < 1 << 62 else { return }
    let (first, last) = (Int(start / cell), min(sums.count - 1, Int((end - 1) / cell)))
    guard first <= last else { return }
    if first == last { return sums[first] &+= (end - start) &* times }
    sums[first] &+= (UInt64(first + 1) * cell - start) &* times
    for index in (first + 1)..<last { sums[index] &+= cell &* times }
    sums[last] &+= (min(end, UInt64(last + 1) * cell) - UInt64(last) * cell) &* times
  }
}
