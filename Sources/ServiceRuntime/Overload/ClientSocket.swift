import CPlatform
import EventLoop

/// What the kernel knows of a client's connection.
struct ClientSocket {
  private let descriptor: Int32

  init(_ connection: ServerConnection?) {
    descriptor = connection?.descriptor ?? -1
  }

  /// How long ago bytes came last, in nanoseconds, to within a tick of the kernel's clock (4 ms where it ticks 250 times
  /// a second); nil: it cannot be asked. Of a request that was just read, that is how long it has waited to be.
  var sinceLastBytes: UInt64? {
    let milliseconds = chain_milliseconds_since_bytes(descriptor)
    return milliseconds < 0 ? nil : UInt64(milliseconds) * 1_000_000
  }
}
