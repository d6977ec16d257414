/// Checks Chrome trace events for what Perfetto's importer needs: times, and slices that nest on each thread.
struct PerfettoCheck {
  private struct Thread: Hashable {
    var pid: Int64
    var tid: Int64
  }

  private struct Slice {
    var start: Double
    var end: Double
    var place: String
  }

  private(set) var events = 0
  private var slices: [Thread: [Slice]] = [:]

  /// - Throws: for the first event that the importer would drop or misplace.
  init(_ value: JSONValue) throws(ImportError) {
    var list = value
    if case .object = value {
      let root = try DocumentRecord(value, at: "the document")
      guard let found = root["traceEvents"] else { throw root.wrong("traceEvents", "a list") }
      list = found
    }
    guard case .array(let elements) = list else {
      throw ImportError(record: "traceEvents", field: "", found: list.found, expected: "a list")
    }
    for (index, element) in elements.enumerated() {
      try check(try DocumentRecord(element, at: "traceEvents[\(index)]"))
    }
    events = elements.count
    for list in slices.values { try Self.checkNesting(list) }
  }

  private mutating func check(_ event: DocumentRecord) throws(ImportError) {
    guard let phase = try event.text("ph"), !phase.isEmpty else { throw event.wrong("ph", "a phase, such as X") }
    guard phase != "M" else { return }
    guard let time = Self.number(event["ts"]) else { throw event.wrong("ts", "microseconds") }
    switch phase {
    case "X":
      guard let duration = Self.number(event["dur"]), duration >= 0 else { throw event.wrong("dur", "microseconds") }
      let pid = event["pid"]?.integer ?? 0
      let thread = Thread(pid: pid, tid: event["tid"]?.integer ?? pid)
      slices[thread, default: []].append(Slice(start: time, end: time + duration, place: event.place))
    case "b", "e", "n":
      guard event["id"] != nil || event["id2"] != nil else { throw event.wrong("id", "an id") }
    case "s", "t", "f":
      guard let id = try event.text("id"), UInt64(Self.digits(id), radix: 16) != nil else {
        throw event.wrong("id", "up to 16 hex digits")
      }
    default: break
    }
  }

  private static func digits(_ id: String) -> Substring { id.hasPrefix("0x") ? id.dropFirst(2) : id[...] }

  private static func number(_ value: JSONValue?) -> Double? {
    switch value {
    case .number(let text), .string(let text): text.utf8.count <= 40 ? Double(text) : nil
    default: nil
    }
  }

  private static func checkNesting(_ list: [Slice]) throws(ImportError) {
    // A nanosecond's fraction is all that a double may be wrong by here.
    let tolerance = 0.0005
    var stack: [Slice] = []
    for slice in list.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
      while let top = stack.last, top.end <= slice.start + tolerance { stack.removeLast() }
      if let top = stack.last, slice.end > top.end + tolerance {
        throw ImportError(
          record: slice.place, field: "dur", found: "a slice that ends after the one it lies in (\(top.place))",
          expected: "slices of a thread that nest")
      }
      stack.append(slice)
    }
  }
}
