/// Checks Chrome trace events for what Perfetto's importer needs: times, and slices that nest on each thread.
struct PerfettoCheck {
  private struct Thread: Hashable {
    var pid: Int64
    var tid: Int64
  }

  /// In nanoseconds.
  private struct Slice {
    var start: Int128
    var end: Int128
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
    guard let time = Self.nanoseconds(event["ts"]) else { throw event.wrong("ts", "microseconds") }
    switch phase {
    case "X":
      guard let duration = Self.nanoseconds(event["dur"]), duration >= 0 else {
        throw event.wrong("dur", "microseconds")
      }
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

  /// Of microseconds as a decimal number. Since 1970 there are so many that a double would be wrong by 125 ns.
  private static func nanoseconds(_ value: JSONValue?) -> Int128? {
    switch value {
    case .number(let text), .string(let text): text.utf8.count <= 40 ? nanoseconds(text) : nil
    default: nil
    }
  }

  private static func nanoseconds(_ text: String) -> Int128? {
    guard let rough = Double(text), abs(rough) < 1e30 else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    guard parts.count <= 2, let whole = Int128(parts[0]), fraction.allSatisfy({ "0"..."9" ~= $0 }),
      let digits = Int128((fraction + "000").prefix(3))
    else { return Int128((rough * 1000).rounded()) }
    return whole * 1000 + (text.hasPrefix("-") ? -digits : digits)
  }

  private static func checkNesting(_ list: [Slice]) throws(ImportError) {
    // Start and duration are each cut to a whole nanosecond.
    let tolerance: Int128 = 1
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
