import ChainModel
package import TraceLog

/// A log as Chrome trace events (JSON), as Perfetto's UI and trace processor read them.
///
/// A thread's lane shows only what is on the thread: a request from its dequeue, its waits within it; on an event loop each
/// stretch between two waits. Queues, requests of event loops, client spans and waits that hold no thread are asynchronous
/// events, with one id each. Arrows lead from a call's wait to the callee's work and back. Times are microseconds from the
/// run's start, exact to the nanosecond; the start itself stands in `metadata`.
package enum PerfettoExport {
  private static let chunk = 1 << 16

  /// `threadStates` says whether to write thread states (`T`), which Perfetto shows from version 54 on, while
  /// chrome://tracing takes them for something else.
  /// - Throws: what the sink throws.
  package static func write(
    _ snapshot: LogSnapshot, threadStates: Bool = true, to sink: ByteSink
  ) throws -> ExportTally {
    let moment = SpanBuilder(snapshot, ports: [:]).moment
    let fold = PerfettoFold(snapshot, moment: moment)
    let origin = min(snapshot.createdAt == 0 ? .max : snapshot.createdAt, fold.events.first?.time ?? 0)
    let pids = self.pids(snapshot)
    var json = JSONText()
    var tally = ExportTally()
    func flush(atLeast size: Int) throws {
      guard json.count >= size else { return }
      tally.bytes += json.count
      try sink(json.take())
    }
    writeHead(snapshot, origin, fold, pids, to: &json)
    for event in fold.events {
      if case .state = event.phase, !threadStates { continue }
      json.newline()
      event.write(origin: origin, pid: pids[event.process] ?? 0, to: &json)
      try flush(atLeast: chunk)
    }
    json.close("]")
    json.close("}")
    try flush(atLeast: 0)
    tally.spans = fold.spans
    return tally
  }

  /// Real pids, or where one is missing or there twice, numbers that no Linux process has.
  private static func pids(_ snapshot: LogSnapshot) -> [UInt16: UInt32] {
    var used: Set<UInt32> = []
    var pids: [UInt16: UInt32] = [:]
    for process in snapshot.processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      let pid = UInt32(clamping: process.identity.pid)
      pids[slot] = pid > 0 && used.insert(pid).inserted ? pid : 5_000_000 + UInt32(slot)
    }
    for record in snapshot.records where pids[record.process] == nil {
      pids[record.process] = 5_000_000 + UInt32(record.process)
    }
    return pids
  }

  private static func writeHead(
    _ snapshot: LogSnapshot, _ origin: UInt64, _ fold: PerfettoFold, _ pids: [UInt16: UInt32], to json: inout JSONText
  ) {
    json.open("{")
    json.key("displayTimeUnit")
    json.string("ms")
    json.key("metadata")
    json.object { json in
      json.key("run")
      json.string(snapshot.runID)
      json.key("origin_unix_ns")
      json.text(of: origin &+ snapshot.wallOffset)
      json.key("log")
      json.string(snapshot.loss.text)
      if !snapshot.hosts.isEmpty { writeHosts(snapshot.hosts, to: &json) }
    }
    json.key("traceEvents")
    json.open("[")
    for process in snapshot.processes {
      guard let pid = UInt16(exactly: process.slot).flatMap({ pids[$0] }) else { continue }
      name("process_name", process.name, pid: pid, to: &json)
      if let host = UInt16(exactly: process.slot).flatMap({ snapshot.host(of: $0) }) {
        name("process_labels", host.name, pid: pid, key: "labels", to: &json)
      }
      json.newline()
      json.object { json in
        head("process_sort_index", pid, to: &json)
        json.object { json in
          json.key("sort_index")
          json.integer(Int64(process.slot))
        }
      }
    }
    var named: Set<UInt64> = []
    for record in snapshot.records where record.kind == .threadStart && record.thread != 0 {
      guard named.insert(UInt64(record.process) << 32 | UInt64(record.thread)).inserted else { continue }
      name(
        "thread_name", snapshot.strings[record.name], pid: pids[record.process] ?? 0, tid: record.thread, to: &json)
    }
  }

  /// The machines, and how far the clock of each was ahead.
  private static func writeHosts(_ hosts: [LogHost], to json: inout JSONText) {
    json.key("hosts")
    json.open("[")
    for host in hosts {
      json.object { json in
        json.key("name")
        json.string(host.name)
        json.key("clock_offset_ns")
        json.integer(host.clock.offset)
        if let bound = host.clock.bound {
          json.key("clock_bound_ns")
          json.integer(bound)
        }
      }
    }
    json.close("]")
  }

  private static func name(
    _ event: String, _ name: String, pid: UInt32, tid: UInt32? = nil, key: String = "name", to json: inout JSONText
  ) {
    json.newline()
    json.object { json in
      head(event, pid, tid, to: &json)
      json.object { json in
        json.key(key)
        json.string(name)
      }
    }
  }

  private static func head(_ event: String, _ pid: UInt32, _ tid: UInt32? = nil, to json: inout JSONText) {
    json.key("ph")
    json.string("M")
    json.key("name")
    json.string(event)
    json.key("pid")
    json.integer(UInt64(pid))
    if let tid {
      json.key("tid")
      json.integer(UInt64(tid))
    }
    json.key("args")
  }
}
