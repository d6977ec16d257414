import CascadeAnalysis
import ChainModel
import TraceLog

/// A window of a timeline as JSON, drawn for a screen of so many cells: slices that are narrower than a cell are merged,
/// with what was in them and how many there were, so that the answer's size depends on the screen and not on the log.
struct TimelineWindow {
  var from: UInt64
  var to: UInt64
  var cells: UInt64
  var lanes: Range<Int>

  /// Numbers of one drawn piece.
  private struct Piece {
    var start: UInt64
    var end: UInt64
    var code: UInt8
    var target: UInt32
    var span: UInt64
    var count: Int
    /// Nanoseconds in it: running, blocked.
    var running: UInt64
    var blocked: UInt64
    /// The blocked cause with the most time, by the time it had.
    var top: UInt64
    /// What it ends with goes on: it will be longer.
    var isOpen = false
  }

  private var cell: UInt64 { max(1, (to - from) / max(1, cells)) }

  /// Keys: `from_ns`, `to_ns` (from the run's start), `of` (how many lanes the run has; with another number come other
  /// places), `targets` (texts), `lanes`: of each `lane` (its number) and `slices`, each an array of start and end from
  /// `from_ns` (whole, also where the window begins or ends within it), code (0 running, else the cause's number), index of the target or -1,
  /// span as hex (empty for one that is merged), how many were merged (of requests that have
  /// found no row: how many there were), nanoseconds running and blocked in it, and 1 if it
  /// goes on, else 0.
  func json(_ state: borrowing TimelineIndex.State) -> [UInt8] {
    var text = TimelineText()
    text.raw("{\"from_ns\":\(from),\"to_ns\":\(to),\"of\":\(state.order.count),\"lanes\":[")
    var targets: [UInt32: Int] = [:]
    var names: [String] = []
    let shown = lanes.clamped(to: 0..<state.order.count)
    for (place, number) in shown.enumerated() {
      if place > 0 { text.raw(",") }
      text.raw("{\"lane\":\(number),\"slices\":[")
      var isFirst = true
      pieces(state, state.order[number]) { piece in
        let target = piece.target == 0 ? -1 : Self.index(piece.target, &targets, &names, state.strings)
        text.raw(isFirst ? "[" : ",[")
        isFirst = false
        text.number(Int64(bitPattern: piece.start &- state.origin &- from))
        text.number(Int64(bitPattern: piece.end &- state.origin &- from))
        text.raw("\(piece.code),\(target),\"\(piece.span == 0 ? "" : SpanID(rawValue: piece.span).hex)\",")
        text.raw("\(piece.count),\(piece.running),\(piece.blocked),\(piece.isOpen ? 1 : 0)]")
      }
      text.raw("]}")
    }
    text.raw("],\"targets\":")
    text.append(WireJSON.encode(names))
    text.raw("}")
    return text.bytes
  }

  private static func index(
    _ id: UInt32, _ known: inout [UInt32: Int], _ names: inout [String], _ strings: LogStrings
  ) -> Int {
    if let index = known[id] { return index }
    known[id] = names.count
    names.append(PlainText.clean(strings[id]))
    return names.count - 1
  }

  private func pieces(_ state: borrowing TimelineIndex.State, _ lane: Int, _ draw: (Piece) -> Void) {
    let (begin, end) = (state.origin &+ from, state.origin &+ to)
    let slices = state.lanes[lane].slices
    let isOfMany = slices.isOfMany || (state.open[lane]?.requests ?? 1) > 1
    var merged: Piece?
    func flush() {
      if let piece = merged { draw(piece) }
      merged = nil
    }
    func take(
      _ first: UInt64, _ last: UInt64, _ code: UInt8, _ target: UInt32, _ span: UInt64, requests: Int,
      isOpen: Bool = false
    ) {
      let (start, stop) = (max(first, begin), min(last, end))
      guard stop > start else { return }
      let length = stop - start
      var piece = Piece(
        start: start, end: stop, code: code, target: target, span: span, count: requests,
        running: code == 0 ? length : 0,
        blocked: code == 0 ? 0 : length, top: code == 0 ? 0 : length, isOpen: isOpen)
      if length >= cell {
        flush()
        (piece.start, piece.end) = (first, last)
        return draw(piece)
      }
      if let open = merged, start - open.start < cell, start - open.end < cell {
        merged = Self.merge(open, piece, count: isOfMany ? max(open.count, requests) : open.count + 1)
      } else {
        flush()
        merged = piece
      }
    }
    var index = slices.first(after: begin)
    while index < slices.count, slices[index].start < end {
      let slice = slices[index]
      take(
        slice.start, slice.end, slice.cause, slice.target, slice.span, requests: Int(slices.requests(index)))
      index += 1
    }
    if let open = state.open[lane] {
      take(
        open.start, state.end, open.cause?.rawValue ?? 0, open.target, open.span, requests: open.requests, isOpen: true)
    }
    flush()
  }

  private static func merge(_ open: Piece, _ next: Piece, count: Int) -> Piece {
    var piece = open
    piece.end = next.end
    piece.count = count
    piece.running += next.running
    piece.blocked += next.blocked
    piece.span = 0
    piece.isOpen = next.isOpen
    if next.top > piece.top { (piece.top, piece.target, piece.code) = (next.top, next.target, next.code) }
    if piece.running > piece.blocked { (piece.code, piece.target) = (0, 0) }
    return piece
  }
}

/// JSON put together number by number: a window may hold tens of thousands.
struct TimelineText {
  private(set) var bytes: [UInt8] = []

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }
  mutating func append(_ json: [UInt8]) { bytes.append(contentsOf: json) }

  /// The number and a comma.
  mutating func number(_ value: Int64) { raw("\(value),") }
}
