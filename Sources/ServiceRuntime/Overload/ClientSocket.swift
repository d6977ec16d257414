import CPlatform
import NIOCore

/// What the kernel knows of a client's connection.
struct ClientSocket {
  private let descriptor: CInt

  /// Call it on the channel's loop.
  init(_ channel: any Channel) {
    let descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
      of: NIOBSDSocket.Handle.self
    ) { $0 }
    self.descriptor = descriptor ?? -1
  }

  /// How long ago bytes came last, in nanoseconds, to within a tick of the kernel's clock (4 ms where it ticks 250 times
  /// a second); nil: it cannot be asked. Of a request that was just read, that is how long it has waited to be.
  var sinceLastBytes: UInt64? {
    let milliseconds = chain_milliseconds_since_bytes(descriptor)
    return milliseconds < 0 ? nil : UInt64(milliseconds) * 1_000_000
  }
}
