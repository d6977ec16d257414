import CascadeAnalysis
import ChainModel
import TraceLog

/// What the threads of an area did, by service and state.
///
/// Keys: `from_ns`, `to_ns`, `threads`, `rows`: each `service`, `state` (running, or the cause), `target`, `thread_ns`,
/// `share` (of all thread-time of that service's lanes in the area), `count`, `longest_ns`, `longest_open` (it goes on).
/// Requests that waited without a thread are rows with `suspended`: `thread_ns` is their time, and they have no share.
struct AreaTable: Encodable, Sendable {
  struct Row: Encodable, Sendable {
    var service: String
    var state: String
    var target: String
    var time: UInt64
    var share: Double
    var count: Int
    var longest: UInt64
    var isLongestOpen: Bool
    var isSuspended: Bool

    private enum CodingKeys: String, CodingKey {
      case service, state, target, share, count
      case time = "thread_ns"
      case longest = "longest_ns"
      case isLongestOpen = "longest_open"
      case isSuspended = "suspended"
    }
  }

  private struct Key: Hashable {
    var service: String
    var cause: UInt8
    var target: UInt32
    var isSuspended: Bool
  }

  var from: UInt64
  var to: UInt64
  var threads: Int
  var rows: [Row]

  private enum CodingKeys: String, CodingKey {
    case threads, rows
    case from = "from_ns"
    case to = "to_ns"
  }

  init(_ state: borrowing TimelineIndex.State, _ window: TimelineWindow) {
    let end = min(window.to, state.end &- state.origin)
    (from, to) = (window.from, max(window.from, end))
    var sums: [Key: (time: UInt64, count: Int, longest: UInt64, isOpen: Bool)] = [:]
    var lanes: [String: Int] = [:]
    let (first, last) = (state.origin &+ from, state.origin &+ to)
    let chosen = window.lanes.clamped(to: 0..<state.order.count)
    for number in chosen {
      let lane = state.lanes[state.order[number]]
      if lane.isOfThread { lanes[lane.service, default: 0] += 1 }
      func take(
        _ start: UInt64, _ stop: UInt64, _ cause: UInt8, _ target: UInt32, requests: Int = 1, isOpen: Bool = false
      ) {
        let (start, stop) = (max(start, first), min(stop, last))
        guard stop > start else { return }
        let key = Key(
          service: lane.service, cause: cause, target: cause == 0 ? 0 : target, isSuspended: !lane.isOfThread)
        let known = sums[key] ?? (0, 0, 0, false)
        let isLongest = stop - start > known.longest
        sums[key] = (
          known.time &+ (stop - start) &* UInt64(requests), known.count + requests, max(known.longest, stop - start),
          isLongest ? isOpen : known.isOpen
        )
      }
      var index = lane.slices.first(after: first)
      while index < lane.slices.count, lane.slices[index].start < last {
        let slice = lane.slices[index]
        take(slice.start, slice.end, slice.cause, slice.target, requests: Int(lane.slices.requests(index)))
        index += 1
      }
      if let open = state.open[state.order[number]] {
        take(
          open.start, state.end, open.cause?.rawValue ?? 0, open.target, requests: open.requests,
          isOpen: state.end <= last)
      }
    }
    let length = to - from
    let strings = state.strings
    rows = sums.map { key, sum in
      Row(
        service: key.service, state: key.cause == 0 ? "running" : WaitCause(rawValue: key.cause)?.name ?? "other",
        target: key.cause == 0 ? "" : PlainText.clean(strings[key.target]), time: sum.time,
        share: length == 0 || key.isSuspended
          ? 0 : Double(sum.time) / (Double(length) * Double(max(1, lanes[key.service] ?? 1))),
        count: sum.count, longest: sum.longest, isLongestOpen: sum.isOpen, isSuspended: key.isSuspended)
    }.sorted { ($1.time, $0.service, $0.target) < ($0.time, $1.service, $1.target) }
    threads = lanes.values.reduce(0, +)
  }
}
