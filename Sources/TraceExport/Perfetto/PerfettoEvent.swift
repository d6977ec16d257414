import ChainModel
import TraceLog

/// One event of the Chrome trace format, as Perfetto reads it.
struct PerfettoEvent {
  enum Phase {
    /// `X`: a slice of a thread; depth: how many others it lies in.
    case slice(duration: UInt64, depth: Int)
    /// `T`: what a thread is doing.
    case state(duration: UInt64, blockedOn: String)
    /// `b` and `e`: what belongs to no thread.
    case begin(id: UInt64)
    case end(id: UInt64)
    /// `s` and `f`: an arrow from slice to slice.
    case flowStart(id: UInt64)
    case flowEnd(id: UInt64)
    case counter([(String, Int)])
    case instant
  }

  var time: UInt64
  var phase: Phase
  var process: UInt16
  /// 0 for what belongs to the process.
  var thread: UInt32 = 0
  var category: String
  var name: String
  var span: UInt64 = 0
  var trace: TraceID?
  /// In the order in which they were made.
  var sequence = 0

  /// Slices first, the enclosing one before the one within; all else in the order in which it came about.
  static func precedes(_ left: PerfettoEvent, _ right: PerfettoEvent) -> Bool {
    if left.time != right.time { return left.time < right.time }
    switch (left.phase, right.phase) {
    case (.slice(let a, let x), .slice(let b, let y)):
      if a != b { return a > b }
      return x != y ? x < y : left.sequence < right.sequence
    case (.slice, _): return true
    case (_, .slice): return false
    default: return left.sequence < right.sequence
    }
  }

  /// - Parameters:
  ///   - origin: the time that counts as zero.
  ///   - pid: the number of the event's process in the document.
  ///   - json: the document, inside the list of events.
  func write(origin: UInt64, pid: UInt32, to json: inout JSONText) {
    json.object { json in
      json.key("ph")
      json.string(letter)
      json.key("cat")
      json.string(category)
      json.key("name")
      json.string(name)
      json.key("pid")
      json.integer(UInt64(pid))
      if thread != 0 {
        json.key("tid")
        json.integer(UInt64(thread))
      }
      json.key("ts")
      json.microseconds(time > origin ? time - origin : 0)
      writePhase(to: &json)
      writeArguments(to: &json)
    }
  }

  private var letter: String {
    switch phase {
    case .slice: "X"
    case .state: "T"
    case .begin: "b"
    case .end: "e"
    case .flowStart: "s"
    case .flowEnd: "f"
    case .counter: "C"
    case .instant: "i"
    }
  }

  private func writePhase(to json: inout JSONText) {
    switch phase {
    case .slice(let duration, _), .state(let duration, _):
      json.key("dur")
      json.microseconds(duration)
    case .begin(let id), .end(let id), .flowStart(let id):
      json.key("id")
      json.string(SpanID(rawValue: id).hex)
    case .flowEnd(let id):
      json.key("id")
      json.string(SpanID(rawValue: id).hex)
      json.key("bp")
      json.string("e")
    case .instant:
      json.key("s")
      json.string("t")
    case .counter: break
    }
  }

  private func writeArguments(to json: inout JSONText) {
    json.key("args")
    json.object { json in
      if case .counter(let series) = phase {
        for (name, value) in series {
          json.key(name)
          json.integer(Int64(value))
        }
      }
      if case .state(_, let target) = phase, !target.isEmpty {
        json.key("blocked_function")
        json.string(target)
      }
      if span != 0 {
        json.key("span_id")
        json.string(SpanID(rawValue: span).hex)
      }
      if let trace {
        json.key("trace_id")
        json.string(trace.hex)
      }
    }
  }
}
