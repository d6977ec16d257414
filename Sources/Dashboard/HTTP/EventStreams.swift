import NIOCore
import NIOHTTP1
import Synchronization

/// The browsers that follow the chain. Each event is a whole state, so one that does not keep up is passed over, and
/// nothing is ever kept for it.
final class EventStreams: Sendable {
  static let limit = 64

  private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

  var count: Int { channels.withLock { $0.count } }

  /// - Returns: false if there are as many as there may be.
  func add(_ channel: any Channel) -> Bool {
    channels.withLock { channels in
      guard channels.count < Self.limit else { return false }
      channels[ObjectIdentifier(channel)] = channel
      return true
    }
  }

  func remove(_ channel: any Channel) {
    channels.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
  }

  func send(_ event: String, _ json: [UInt8]) {
    let receivers = channels.withLock { Array($0.values) }
    guard !receivers.isEmpty else { return }
    let buffer = ByteBuffer(bytes: Self.frame(event, json))
    for channel in receivers where channel.isWritable { Self.write(buffer, to: channel) }
  }

  static func write(_ buffer: ByteBuffer, to channel: any Channel) {
    channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(buffer)), promise: nil)
  }

  /// JSON has no line breaks of its own, so it is one `data` line.
  static func frame(_ event: String, _ json: [UInt8]) -> [UInt8] {
    Array("event: \(event)\ndata: ".utf8) + json + Array("\n\n".utf8)
  }
}
