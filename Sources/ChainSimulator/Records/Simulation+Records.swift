import ChainModel
import TraceLog

/// The records of a simulated run: the same, of the same threads, in the same order as those of the services.
extension Simulation {
  /// Time 0 of a run, on the log's clock.
  static var origin: UInt64 { 1_000_000_000 }

  private mutating func write(
    _ kind: RecordKind, _ frame: Int, thread: UInt32, other: UInt64 = 0, detail: UInt8 = 0, name: UInt32 = 0,
    arg: UInt32 = 0, span: UInt64? = nil
  ) {
    let trace = frames.trace[frame]
    var record = Record(
      kind: kind, time: Self.origin + now, span: span ?? frames.span[frame], other: other, thread: thread,
      process: UInt16(truncatingIfNeeded: frames.station[frame]), detail: detail, name: name, arg: arg)
    (record.traceHigh, record.traceLow) = trace
    sink.write(record)
  }

  // MARK: Threads

  func mainThread(_ place: Int) -> UInt32 { UInt32(place + 1) * ThreadBase.process }

  private func loopThread(_ place: Int, _ loop: Int) -> UInt32 {
    mainThread(place) + ThreadBase.loops + UInt32(max(0, loop))
  }

  func poolThread(_ place: Int, _ kind: Int, _ number: Int) -> UInt32 {
    mainThread(place) + ThreadBase.pools + UInt32(kind) * ThreadBase.perPool + UInt32(number)
  }

  /// The thread that the request's own code runs on.
  private func thread(_ frame: Int) -> UInt32 {
    let place = frames.station[frame]
    if stations[place].isLoad { return mainThread(place) }
    if isHeldPart(frame) { return helperThread(frame) }
    guard frames.thread[frame] >= 0 else { return frontThread(frame) }
    guard frames.model[frame].blocksLoops else { return poolThread(place, 0, frames.thread[frame]) }
    return loopThread(place, frames.thread[frame])
  }

  /// The loop that reads and refuses requests.
  private func frontThread(_ frame: Int) -> UInt32 {
    let place = frames.station[frame]
    return loopThread(place, frames.loop[frame] - stations[place].firstLoop)
  }

  private func helperThread(_ frame: Int) -> UInt32 {
    poolThread(frames.station[frame], helpers(frame) % 3, frames.helper[frame])
  }

  // MARK: Requests

  /// A client's request begins a trace.
  mutating func logTrace(_ frame: Int) {
    guard Sink.isOn else { return }
    frames.trace[frame] = (ids.next(), ids.next())
    frames.span[frame] = 0
  }

  /// The request that a call becomes is in the caller's trace.
  mutating func logIdentity(_ frame: Int, of caller: Int) {
    guard Sink.isOn else { return }
    frames.trace[frame] = frames.trace[caller]
    frames.span[frame] = ids.next()
    frames.wait[frame] = frames.wait[caller]
  }

  private mutating func logArrival(_ frame: Int, by thread: UInt32) {
    write(.arrive, frame, thread: thread, other: frames.wait[frame], name: names.routes[frames.route[frame]], arg: 1)
  }

  /// It has got a place in a queue, or a thread that is free.
  mutating func logQueued(_ frame: Int) {
    guard Sink.isOn else { return }
    let thread = frontThread(frame)
    logArrival(frame, by: thread)
    write(.enqueue, frame, thread: thread, arg: UInt32(stations[frames.station[frame]].queue.count))
  }

  mutating func logBegun(_ frame: Int) {
    guard Sink.isOn else { return }
    let thread = thread(frame)
    if !frames.model[frame].holdsThread { logArrival(frame, by: thread) }
    write(.dequeue, frame, thread: thread, detail: frames.model[frame].ioModel.code)
  }

  mutating func logEnd(_ frame: Int, _ outcome: Outcome) {
    guard Sink.isOn else { return }
    write(
      .end, frame, thread: thread(frame), name: error(frame, outcome, status: frames.status[frame]),
      arg: UInt32(frames.status[frame]))
  }

  mutating func logDropped(_ frame: Int, _ outcome: Outcome) {
    // A connection that is never accepted is not seen by its service.
    guard Sink.isOn, outcome != .connectionRefused, outcome != .cancelled else { return }
    let thread = frontThread(frame)
    logArrival(frame, by: thread)
    logReject(frame, outcome, by: thread)
  }

  mutating func logRefused(_ frame: Int, _ outcome: Outcome) {
    guard Sink.isOn else { return }
    logReject(frame, outcome, by: thread(frame))
  }

  private mutating func logReject(_ frame: Int, _ outcome: Outcome, by thread: UInt32) {
    write(.reject, frame, thread: thread, name: names.errors[Int(outcome.rawValue)], arg: UInt32(names.status(outcome)))
  }

  private mutating func error(_ frame: Int, _ outcome: Outcome, status: Int) -> UInt32 {
    outcome == .answered ? sink.intern("\(status)") : names.errors[Int(outcome.rawValue)]
  }

  // MARK: Calls

  mutating func logCallStart(_ frame: Int) {
    guard Sink.isOn else { return }
    frames.callSpan[frame] = ids.next()
    let isLoad = stations[frames.station[frame]].isLoad
    let step = program.steps[frames.step[frame]]
    write(
      .spanStart, frame, thread: thread(frame), other: frames.span[frame], detail: SpanKind.client.rawValue,
      name: isLoad ? names.routes[step.route] : names.calls[step.service],
      arg: isLoad ? 0 : UInt32(frames.attempt[frame]), span: frames.callSpan[frame])
    // The request that it becomes reads it from here.
    frames.wait[frame] = frames.callSpan[frame]
  }

  mutating func logCallEnd(_ frame: Int, _ outcome: Outcome) {
    guard Sink.isOn else { return }
    let status = outcome == .ok ? 200 : outcome == .answered ? frames.status[frame] : 0
    write(
      .spanEnd, frame, thread: thread(frame), name: outcome == .ok ? 0 : error(frame, outcome, status: status),
      arg: UInt32(status), span: frames.callSpan[frame])
  }

  // MARK: Waits

  private func cause(_ frame: Int) -> WaitCause {
    switch frames.doing[frame] {
    case .call: .call
    case .store: frames.isFile[frame] ? .file : .database
    case .join: .join
    default: .sleep
    }
  }

  private func flags(_ frame: Int, isHeld: Bool) -> WaitFlags {
    var flags: WaitFlags = isHeld ? .held : []
    if [.block, .slow, .stall, .hang].contains(frames.doing[frame]) { flags.insert(.injected) }
    return flags
  }

  private func holdsThread(_ frame: Int) -> Bool { frames.model[frame].holdsThread || frames.doing[frame] == .block }

  mutating func logWaitStart(_ frame: Int) {
    guard Sink.isOn, !stations[frames.station[frame]].isLoad else { return }
    if frames.doing[frame] != .call { frames.wait[frame] = ids.next() }
    logWait(.waitStart, frame, thread(frame), isHeld: holdsThread(frame), detail: cause(frame).rawValue)
  }

  mutating func logWaitEnd(_ frame: Int) {
    guard Sink.isOn, !stations[frames.station[frame]].isLoad else { return }
    let thread = thread(frame)
    logWait(.waitEnd, frame, thread, isHeld: holdsThread(frame), detail: waitOutcome(frames.result[frame]).rawValue)
    guard frames.doing[frame] == .block, !frames.model[frame].holdsThread else { return }
    write(
      .stall, frame, thread: thread, other: frames.suffering[frame].block, detail: StallDetector.explicit.rawValue,
      name: frames.label[frame])
  }

  private mutating func logWait(_ kind: RecordKind, _ frame: Int, _ thread: UInt32, isHeld: Bool, detail: UInt8) {
    write(
      kind, frame, thread: thread, other: frames.wait[frame], detail: detail, name: frames.label[frame],
      arg: flags(frame, isHeld: isHeld).rawValue)
  }

  private func waitOutcome(_ outcome: Outcome) -> WaitOutcome {
    switch outcome {
    case .ok, .answered: .ok
    case .timeout, .deadlineExceeded: .timeout
    case .cancelled: .cancelled
    default: .error
    }
  }

  /// Store work is no wait of its thread; a call or a remote system is.
  mutating func logHelpStart(_ frame: Int) {
    guard Sink.isOn else { return }
    let thread = helperThread(frame)
    let name =
      frames.doing[frame] == .call ? names.calls[program.steps[frames.step[frame]].service] : frames.label[frame]
    write(.workStart, frame, thread: thread, other: frames.wait[frame], name: name)
    guard frames.doing[frame] != .store else { return }
    logWait(.waitStart, frame, thread, isHeld: true, detail: cause(frame).rawValue)
  }

  /// A thread that was hired for a part of a request that blocks: what the part waits for, the thread does.
  mutating func logPart(_ kind: RecordKind, _ frame: Int) {
    guard Sink.isOn else { return }
    write(kind, frame, thread: helperThread(frame), other: frames.join[frame], name: frames.label[frames.main[frame]])
  }

  mutating func logHelpEnd(_ frame: Int) {
    guard Sink.isOn else { return }
    let thread = helperThread(frame)
    if frames.doing[frame] != .store {
      logWait(.waitEnd, frame, thread, isHeld: true, detail: waitOutcome(frames.result[frame]).rawValue)
    }
    write(.workEnd, frame, thread: thread, other: frames.wait[frame], name: frames.label[frame])
  }
}

/// The kernel has ids for threads; here a process has a million of them.
enum ThreadBase {
  static let process: UInt32 = 1_000_000
  static let loops: UInt32 = 100
  static let pools: UInt32 = 10_000
  static let perPool: UInt32 = 100_000
}
