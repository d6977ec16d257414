/// What the kernel said that a thread did at one instant, as a `sample` record keeps it.
///
/// In the record: `time` is when the look began; other: pid << 32 | thread id; detail: 1 when the thread waited in a
/// system call; name: that call; arg: the port at the other end of the socket it waited on (0: none), and above it, from
/// bit 16, how long the look took in microseconds, at most 65,535.
package struct KernelSample: Hashable, Sendable {
  package var pid: UInt32
  package var thread: UInt32
  /// The system call that it waited in, as an id of the string table; nil when it ran, or would have with a processor.
  package var call: UInt32?
  package var peerPort: Int?
  /// The instant lies between these two, `Monotonic` nanoseconds.
  package var before: UInt64
  package var after: UInt64

  package init(pid: UInt32, thread: UInt32, call: UInt32?, peerPort: Int?, before: UInt64, after: UInt64) {
    self.pid = pid
    self.thread = thread
    self.call = call
    self.peerPort = peerPort
    self.before = before
    self.after = after
  }

  package init(_ record: Record) {
    pid = UInt32(truncatingIfNeeded: record.other >> 32)
    thread = UInt32(truncatingIfNeeded: record.other)
    call = record.detail == 0 ? nil : record.name
    let port = Int(record.arg & 0xffff)
    peerPort = port == 0 ? nil : port
    before = record.time
    after = record.time &+ UInt64(record.arg >> 16) &* 1_000
  }

  package var record: Record {
    let microseconds = after > before ? min((after - before + 999) / 1_000, 65_535) : 0
    return Record(
      kind: .sample, time: before, other: UInt64(pid) << 32 | UInt64(thread), detail: call == nil ? 0 : 1,
      name: call ?? 0, arg: UInt32(truncatingIfNeeded: peerPort ?? 0) & 0xffff | UInt32(microseconds) << 16)
  }
}
