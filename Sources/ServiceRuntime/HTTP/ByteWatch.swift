import ChainModel
import NIOCore

/// Stands before the HTTP decoder and notes when bytes come, so that a client that sends its request byte by byte, or
/// none at all, is found out.
final class ByteWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  /// When the request that is arriving began; nil between requests.
  private var requestBegan: UInt64?
  private var restingSince = Monotonic.now()

  enum Verdict {
    case fine
    case slow
    case idle
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if requestBegan == nil { requestBegan = Monotonic.now() }
    context.fireChannelRead(data)
  }

  func requestComplete() {
    requestBegan = nil
  }

  func answerWritten() {
    restingSince = Monotonic.now()
  }

  func verdict(now: UInt64, requestTimeout: Duration, idleTimeout: Duration) -> Verdict {
    if let requestBegan { return now &- requestBegan > requestTimeout.nanoseconds ? .slow : .fine }
    return now > restingSince && now &- restingSince > idleTimeout.nanoseconds ? .idle : .fine
  }
}
