import ChainModel
import NIOCore
import NIOHTTP1
import Synchronization

/// The browsers that follow the chain. Each event is a whole state, so one that does not keep up is passed over, and
/// nothing is ever kept for it; one that takes nothing for long loses its place.
final class EventStreams: Sendable {
  let limits: PageLimits

  private struct Stream {
    let channel: any Channel
    /// Since when it has taken nothing.
    var stuckSince: UInt64?
  }

  private let streams = Mutex<[ObjectIdentifier: Stream]>([:])

  init(_ limits: PageLimits) { self.limits = limits }

  var count: Int { streams.withLock { $0.count } }

  /// - Returns: false if there are as many as there may be.
  func add(_ channel: any Channel) -> Bool {
    streams.withLock { streams in
      guard streams.count < limits.streams else { return false }
      streams[ObjectIdentifier(channel)] = Stream(channel: channel)
      return true
    }
  }

  func remove(_ channel: any Channel) {
    streams.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  func send(_ event: String, _ json: [UInt8], at now: UInt64 = Monotonic.now()) {
    let (ready, lost) = streams.withLock { sort(&$0, now) }
    for channel in lost { channel.close(promise: nil) }
    guard !ready.isEmpty else { return }
    let buffer = ByteBuffer(bytes: Self.frame(event, json))
    for channel in ready { Self.write(buffer, to: channel) }
  }

  private func sort(
    _ streams: inout [ObjectIdentifier: Stream], _ now: UInt64
  ) -> (ready: [any Channel], lost: [any Channel]) {
    var (ready, lost): ([any Channel], [any Channel]) = ([], [])
    for (key, stream) in streams {
      if stream.channel.isWritable {
        ready.append(stream.channel)
        streams[key]?.stuckSince = nil
      } else if let since = stream.stuckSince {
        if now &- since > limits.streamPatience.nanoseconds { lost.append(stream.channel) }
      } else {
        streams[key]?.stuckSince = now
      }
    }
    return (ready, lost)
  }

  static func write(_ buffer: ByteBuffer, to channel: any Channel) {
    channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer)), promise: nil)
  }

  /// JSON has no line breaks of its own, so it is one `data` line.
  static func frame(_ event: String, _ json: [UInt8]) -> [UInt8] {
    Array("event: \(event)\ndata: ".utf8) + json + Array("\n\n".utf8)
  }
}
