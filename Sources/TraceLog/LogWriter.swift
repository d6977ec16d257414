import Atomics
import ChainModel
import CPlatform
import Glibc
import Synchronization

/// A process's access to the shared log. One per process; lives as long as the process writes.
package final class LogWriter: @unchecked Sendable {  // its mutable state is behind `Mutex` or in atomics
  /// Key of a record that describes a lasting state, such as a thread that lives or a fault in force.
  package typealias StateKey = String

  private struct Registry {
    var names: [String: UInt32] = [:]
    var streams: [TraceStream] = []
    var checkpointAt: UInt64 = 0
    var stopping = false
    /// Of the dropped records, how many the log tells of.
    var droppedSaid: UInt64 = 0
  }

  private let file: LogFile
  private let slot: Int
  private let claims: SegmentClaims
  private let shared: TraceStream
  private let registry = Mutex(Registry())
  private let states = Mutex<[StateKey: Record]>([:])
  private let droppedCount = ManagedAtomic<UInt64>(0)

  /// So many texts that were refused are remembered at most; those that were kept are bounded by the table.
  private static let rememberedTexts = 4_096
  /// How often the helper thread looks for work.
  private static let helperPeriodMicroseconds: UInt32 = 2_000

  /// Makes a new, empty log file; it is an error if there is one.
  package static func create(path: String, sizeMiB: Int, runID: String) throws(TraceLogError) {
    try LogFile.create(path: path, sizeMiB: sizeMiB, runID: runID)
  }

  /// Joins the log as one more writing process.
  /// - Parameters:
  ///   - path: the log's file.
  ///   - name: the service or instrument, as it appears in the log.
  ///   - place: which of the described services it plays; nil for an instrument.
  ///   - ownThread: whether a thread of the log's own calls `help`; without it, the process must, every few ms.
  /// - Throws: when the file is no log or too many processes have joined it.
  package init(
    path: String, name: String, place: ServicePlace? = nil, ownThread: Bool = true
  ) throws(TraceLogError) {
    file = try LogFile.open(path: path)
    let next = file.word(Layout.Header.nextProcess).loadThenWrappingIncrement(ordering: .relaxed)
    guard next < UInt64(Layout.processSlots) else { throw .noProcessSlot(path: path) }
    slot = Int(next)
    try file.takeProcess(slot)
    let claims = SegmentClaims(file: file, slot: slot)
    self.claims = claims
    shared = TraceStream(file: file, slot: slot) { claims.take(isFirst: $0) }
    enter(name, place)
    claims.refill()
    if ownThread { startHelper() }
    state(
      "process",
      Record(
        kind: .processStart, other: UInt64(place?.code ?? 0), name: intern(name, as: .identity), arg: UInt32(getpid())))
  }

  private func enter(_ name: String, _ place: ServicePlace?) {
    typealias Field = Layout.Process
    let identity = ProcessIdentity.current
    file.half(LogFile.process(slot, Field.pid)).store(UInt32(bitPattern: identity.pid), ordering: .relaxed)
    file.word(LogFile.process(slot, Field.startTicks)).store(identity.startTicks, ordering: .relaxed)
    file.word(LogFile.process(slot, Field.attachedAt)).store(Monotonic.now(), ordering: .relaxed)
    file.half(LogFile.process(slot, Field.name)).store(intern(name, as: .identity), ordering: .relaxed)
    file.half(LogFile.process(slot, Field.place)).store(place?.code ?? 0, ordering: .relaxed)
    file.half(LogFile.process(slot, Field.state)).store(ProcessState.live.rawValue, ordering: .releasing)
    registry.withLock { $0.streams.append(shared) }
  }

  /// How many records this process could not write because the log had no room.
  package var dropped: Int { Int(droppedCount.load(ordering: .relaxed)) }

  /// The id of a text, the same for the same text in all processes. Texts must come from a bounded set: the table is never
  /// emptied. One of more than 256 bytes is cut; without room, the id is that of a text which says so.
  package func intern(_ text: String, as use: TextUse = .other) -> UInt32 {
    registry.withLock { registry in
      if let id = registry.names[text] { return id }
      let id = file.intern(text, as: use)
      if id != LogFile.refusedTextID || registry.names.count < Self.rememberedTexts { registry.names[text] = id }
      return id
    }
  }

  /// A way to write for one event loop, which gets segments of its own.
  package func scribeOfLoop(thread: UInt32) -> Scribe {
    let claims = claims
    let stream = TraceStream(file: file, slot: slot) { claims.take(isFirst: $0) }
    registry.withLock { $0.streams.append(stream) }
    return Scribe(writer: self, stream: stream, thread: thread)
  }

  /// A way to write for one of the threads that share the process's segments.
  package func scribe(thread: UInt32) -> Scribe { Scribe(writer: self, stream: shared, thread: thread) }

  /// Writes a record that describes a state that lasts, and repeats it now and then until `forget`, so that it is still
  /// in the log when its first copy has been overwritten.
  package func state(_ key: StateKey, _ record: Record, by scribe: Scribe? = nil) {
    var record = record
    if record.time == 0 { record.time = Monotonic.now() }
    if record.thread == 0 { record.thread = scribe?.thread ?? chain_thread_id() }
    states.withLock { $0[key] = record }
    append(record, to: scribe?.stream ?? shared)
  }

  /// The state is over, and is not written again after this call: its end can be written now.
  package func forget(_ key: StateKey) {
    states.withLock { _ = $0.removeValue(forKey: key) }
  }

  /// Says that the process stops on its own account. What it writes afterwards is dropped.
  package func close() {
    let streams = registry.withLock { registry in
      registry.stopping = true
      return registry.streams
    }
    append(Record(kind: .processStop, time: Monotonic.now(), thread: chain_thread_id()), to: shared)
    for stream in streams { stream.finish() }
    claims.giveBack()
    file.word(LogFile.process(slot, Layout.Process.stoppedAt)).store(Monotonic.now(), ordering: .relaxed)
    file.half(LogFile.process(slot, Layout.Process.state)).store(ProcessState.stopped.rawValue, ordering: .releasing)
  }

  fileprivate func append(_ record: borrowing Record, to stream: TraceStream) {
    guard !stream.append(record) else { return }
    // What a process writes after it has said that it stops belongs to no run.
    guard !registry.withLock({ $0.stopping }) else { return }
    droppedCount.wrappingIncrement(ordering: .relaxed)
    file.word(LogFile.process(slot, Layout.Process.dropped)).wrappingIncrement(ordering: .relaxed)
  }

  // MARK: The helper thread

  private func startHelper() {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let writer = Unmanaged<LogWriter>.fromOpaque(argument).takeRetainedValue()
        chain_set_thread_name("log-helper")
        while writer.help() { usleep(LogWriter.helperPeriodMicroseconds) }
        return nil
      }, context.toOpaque())
    guard result == 0 else { return context.release() }
    pthread_detach(thread)
  }

  /// Keeps segments ready, repeats lasting states, and says how many records were dropped.
  /// - Returns: false once the process has closed the log.
  @discardableResult
  package func help() -> Bool {
    guard !registry.withLock({ $0.stopping }) else { return false }
    claims.refill()
    if isCheckpointDue() {
      // Under the lock, so that no state is repeated behind the record of its end.
      states.withLock { for record in $0.values { append(record, to: shared) } }
    }
    sayDropped()
    return true
  }

  /// Every eighth of the log.
  private func isCheckpointDue() -> Bool {
    let sequence = file.word(Layout.Header.nextSequence).load(ordering: .relaxed)
    return registry.withLock { registry in
      guard sequence >= registry.checkpointAt &+ UInt64(file.layout.segmentCount / 8) else { return false }
      registry.checkpointAt = sequence
      return true
    }
  }

  private func sayDropped() {
    let dropped = droppedCount.load(ordering: .relaxed)
    let said = registry.withLock { $0.droppedSaid }
    guard dropped > said else { return }
    let record = Record(
      kind: .dropped, time: Monotonic.now(), thread: chain_thread_id(), arg: UInt32(clamping: dropped - said))
    if shared.append(record) { registry.withLock { $0.droppedSaid = dropped } }
  }
}

/// One thread's pen: writes records under its thread id. Cheap to copy.
package struct Scribe: Sendable {
  fileprivate let writer: LogWriter?
  fileprivate let stream: TraceStream?
  package let thread: UInt32

  /// Writes nothing: for a service that runs without a log.
  package static func silent(thread: UInt32) -> Scribe { Scribe(writer: nil, stream: nil, thread: thread) }

  fileprivate init(writer: LogWriter?, stream: TraceStream?, thread: UInt32) {
    self.writer = writer
    self.stream = stream
    self.thread = thread
  }

  /// Writes the record under this thread, at its time or, if that is 0, now.
  /// - Returns: the record's time, to spare the caller another look at the clock.
  @discardableResult
  package func write(_ record: Record) -> UInt64 {
    var record = record
    if record.time == 0 { record.time = Monotonic.now() }
    guard let stream, let writer else { return record.time }
    record.thread = thread
    writer.append(record, to: stream)
    return record.time
  }
}
