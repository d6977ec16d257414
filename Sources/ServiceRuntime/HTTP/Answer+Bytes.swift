import NIOCore
import NIOHTTP1

extension Answer {
  /// The answer as it goes over the wire, in one piece: head and body in one buffer cost one write and no encoder.
  /// - Parameters:
  ///   - headers: whole lines besides `content-type` and `content-length`.
  ///   - hasBody: not for an answer to HEAD, which tells only how long its body would be.
  ///   - allocator: of the channel.
  /// - Returns: status line, headers and body.
  func bytes(headers: [String] = [], hasBody: Bool = true, allocator: ByteBufferAllocator) -> ByteBuffer {
    var buffer = allocator.buffer(capacity: 192 + body.count)
    if status == 200 {
      buffer.writeStaticString("HTTP/1.1 200 OK\r\ncontent-type: ")
    } else {
      buffer.writeString("HTTP/1.1 \(status) \(HTTPResponseStatus(statusCode: status).reasonPhrase)\r\ncontent-type: ")
    }
    buffer.writeString(contentType)
    buffer.writeStaticString("\r\ncontent-length: ")
    buffer.writeString(String(body.count))
    for header in headers {
      buffer.writeStaticString("\r\n")
      buffer.writeString(header)
    }
    buffer.writeStaticString("\r\n\r\n")
    if hasBody { buffer.writeBytes(body) }
    return buffer
  }
}
