import CascadeAnalysis
import ChainModel
import TraceLog

/// A whole run in one strip: how many threads of each service were blocked, cell by cell, and which lanes there are.
struct TimelineOverview {
  var cells: Int
  var limits: PageLimits

  /// Keys: `run_id`, `records`, `from_ns`, `to_ns` (from the run's start), `complete_since_ns`, `kept_since_ns` (what was
  /// before is in the log alone, 0: nothing is; the limits are `keeps` and `keeps_ns`), `lanes` (arrays of service,
  /// thread, role, slices), `events` (arrays of time, process, what), `services` (see `TimelineStrips`). A row of suspended
  /// requests is a lane of the role `suspended`.
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
    text.raw("],")
    TimelineStrips(from: 0, to: length, cells: cells).write(state, &text)
    text.raw("}")
    return text.bytes
  }
}
