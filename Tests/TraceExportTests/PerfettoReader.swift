import Testing

/// Reads Chrome trace events as Perfetto's importer does: events sorted by time, slices of a thread on a stack, flows bound
/// to the slice that is open at their moment, asynchronous events matched by category and id. What it would drop, put on
/// an overflow track or count as an import error is recorded as an issue.
struct PerfettoReader {
  struct Thread: Hashable {
    var pid: Int
    var tid: Int
  }

  struct Slice {
    var thread: Thread
    var category: String
    var name: String
    var start: UInt64
    var end: UInt64
    var depth = 0
    var span: String?
  }

  struct Flow {
    var category: String
    var id: UInt64
    var from: Slice
    var to: Slice
  }

  struct State {
    var thread: Thread
    var name: String
    var start: UInt64
    var end: UInt64
    var blockedOn: String?
  }

  private(set) var slices: [Slice] = []
  private(set) var flows: [Flow] = []
  private(set) var states: [State] = []
  private(set) var processNames: [Int: String] = [:]
  private(set) var threadNames: [Thread: String] = [:]
  /// Closed asynchronous events: category, name, id, begin, end.
  private(set) var asynchronous: [(category: String, name: String, id: String, start: UInt64, end: UInt64)] = []
  private(set) var counters: [(name: String, pid: Int, time: UInt64, values: [String: Int])] = []

  private struct Event {
    var json: JSON
    var time: UInt64
    var place: Int
  }

  init(_ document: JSON) throws {
    var events: [Event] = []
    for (place, json) in document["traceEvents"].list.enumerated() {
      guard json["ph"].text != "M" else {
        try readMetadata(json)
        continue
      }
      events.append(Event(json: json, time: try Self.time(json["ts"]), place: place))
    }
    // The importer's sorter is stable: at one time the order of the document counts.
    events.sort { ($0.time, $0.place) < ($1.time, $1.place) }
    try readSlices(events)
    try readAsynchronous(events)
    for event in events where event.json["ph"].text == "T" {
      let duration = try Self.time(event.json["dur"])
      states.append(
        State(
          thread: try Self.thread(event.json), name: event.json["name"].text ?? "", start: event.time,
          end: event.time + duration, blockedOn: event.json["args"]["blocked_function"].text))
    }
    for event in events where event.json["ph"].text == "C" {
      guard case .object(let arguments) = event.json["args"] else { continue }
      counters.append(
        (event.json["name"].text ?? "", event.json["pid"].number ?? 0, event.time, arguments.compactMapValues(\.number))
      )
    }
  }

  /// Microseconds as the importer takes them: a double, times a thousand, rounded.
  private static func time(_ json: JSON) throws -> UInt64 {
    let microseconds = try #require(json.real)
    #expect(microseconds >= 0)
    return UInt64((microseconds * 1000).rounded())
  }

  private static func thread(_ json: JSON) throws -> Thread {
    let pid = try #require(json["pid"].number)
    #expect((1...Int(UInt32.max)).contains(pid))
    return Thread(pid: pid, tid: json["tid"].number ?? pid)
  }

  private mutating func readMetadata(_ json: JSON) throws {
    let pid = try #require(json["pid"].number)
    switch json["name"].text {
    case "process_name": processNames[pid] = json["args"]["name"].text ?? ""
    case "thread_name":
      threadNames[Thread(pid: pid, tid: try #require(json["tid"].number))] = json["args"]["name"].text ?? ""
    case "process_sort_index": #expect(json["args"]["sort_index"].number != nil)
    default: Issue.record("metadata that has no effect: \(json)")
    }
  }

  private struct Key: Hashable {
    var category: String
    var name: String
    var id: UInt64
  }

  private mutating func readSlices(_ events: [Event]) throws {
    var stacks: [Thread: [Slice]] = [:]
    var begun: [Key: Slice] = [:]
    for event in events {
      let phase = event.json["ph"].text ?? ""
      guard ["X", "s", "f"].contains(phase) else { continue }
      let thread = try Self.thread(event.json)
      // A slice is over for what comes at its end or later; one without duration, after its moment.
      while let top = stacks[thread]?.last, top.end < event.time || (top.end == event.time && top.start < top.end) {
        stacks[thread]?.removeLast()
      }
      let (category, name) = (event.json["cat"].text ?? "", event.json["name"].text ?? "")
      if phase == "X" {
        var slice = Slice(
          thread: thread, category: category, name: name, start: event.time,
          end: event.time + (try Self.time(event.json["dur"])), span: event.json["args"]["span_id"].text)
        while let top = stacks[thread]?.last, top.start == top.end, slice.end > top.end { stacks[thread]?.removeLast() }
        if let top = stacks[thread]?.last, slice.end > top.end {
          Issue.record("\(slice) does not lie within \(top)")
        }
        slice.depth = stacks[thread]?.count ?? 0
        stacks[thread, default: []].append(slice)
        slices.append(slice)
        continue
      }
      let id = try #require(event.json["id"].text.flatMap { UInt64($0, radix: 16) }, "flow_invalid_id")
      let key = Key(category: category, name: name, id: id)
      guard let slice = stacks[thread]?.last else {
        Issue.record("a flow outside any slice: \(event.json)")
        continue
      }
      if phase == "s" {
        #expect(begun.updateValue(slice, forKey: key) == nil, "a second flow with the key \(key)")
      } else {
        #expect(event.json["bp"].text == "e")
        let from = try #require(begun[key], "a flow that ends before it begins")
        flows.append(Flow(category: category, id: id, from: from, to: slice))
      }
    }
    #expect(begun.count == flows.count)
  }

  private mutating func readAsynchronous(_ events: [Event]) throws {
    struct Track: Hashable {
      var pid: Int
      var category: String
      var id: String
    }
    var open: [Track: [(String, UInt64)]] = [:]
    for event in events {
      let phase = event.json["ph"].text ?? ""
      guard phase == "b" || phase == "e" else { continue }
      let track = Track(
        pid: try Self.thread(event.json).pid, category: try #require(event.json["cat"].text),
        id: try #require(event.json["id"].text))
      let name = event.json["name"].text ?? ""
      if phase == "b" {
        open[track, default: []].append((name, event.time))
      } else if let (begun, start) = open[track]?.popLast() {
        #expect(begun == name, "the end of \(name) where \(begun) is open")
        asynchronous.append((track.category, name, track.id, start, event.time))
      } else {
        Issue.record("an end without a beginning: \(event.json)")
      }
    }
    #expect(!open.values.contains { !$0.isEmpty })
  }
}
