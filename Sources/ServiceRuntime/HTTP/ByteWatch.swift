import ChainModel
import NIOCore
import NIOHTTP1

/// Stands before the HTTP decoder and notes when bytes come, so that a client that sends its request byte by byte, or
/// none at all, is found out.
final class ByteWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// When the request that is arriving began; nil between requests.
  private var requestBegan: UInt64?
  private var restingSince = Monotonic.now()
  private var context: ChannelHandlerContext?

  enum Verdict {
    case fine
    case slow
    case idle
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if requestBegan == nil { requestBegan = Monotonic.now() }
    context.fireChannelRead(data)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  /// Answers a client whose request never came whole, past the handlers that count answers against requests, and closes.
  /// - Parameters:
  ///   - answer: what it is told.
  ///   - headers: whole lines besides those that every such answer has.
  func dismiss(with answer: Answer, headers: [String] = []) {
    guard let context else { return }
    let bytes = answer.bytes(headers: headers + ["connection: close"], allocator: context.channel.allocator)
    let channel = context.channel
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.whenComplete { _ in channel.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
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
