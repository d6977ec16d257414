import ChainModel
import EventLoop
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// Our parser and SwiftNIO's on the same bytes: random heads, and good ones with something wrong in them. What both take
/// must mean the same; where one is stricter, it is known why.
@Suite struct ParserDifferenceTests {
  private struct Random: RandomNumberGenerator {
    var ids: IDGenerator
    mutating func next() -> UInt64 { ids.next() }
  }

  /// What a head means.
  private struct Meaning: Hashable {
    var method: String
    var target: String
    var minor: Int
    var fields: [String]
    var keepsConnection: Bool
  }

  private static func ours(_ bytes: [UInt8]) -> Meaning? {
    let parser = HeadParser()
    return bytes.withUnsafeBytes { bytes -> Meaning? in
      guard let found = try? parser.request(bytes) else { return nil }
      let head = found.head
      return Meaning(
        method: head.method.text, target: head.target.text, minor: head.minor,
        fields: head.fields.all.map { "\($0.name): \($0.value)" }, keepsConnection: head.keepsConnection)
    }
  }

  private static func theirs(_ bytes: [UInt8]) -> Meaning? {
    let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    guard (try? channel.writeInbound(ByteBuffer(bytes: bytes))) != nil,
      case .head(let head)? = try? channel.readInbound(as: HTTPServerRequestPart.self)
    else { return nil }
    return Meaning(
      method: head.method.rawValue, target: head.uri, minor: head.version.minor == 0 ? 0 : 1,
      fields: head.headers.map { "\($0.name): \($0.value.trimmed)" }, keepsConnection: head.isKeepAlive)
  }

  private static let names = [
    "Host", "Connection", "Content-Length", "Transfer-Encoding", "X", "traceparent", "Accept",
  ]
  private static let values = ["localhost", "close", "keep-alive", "0", "7", "chunked", "a, b", "", "x y", "\tz "]

  private static func head(_ random: inout Random) -> [UInt8] {
    let method = ["GET", "HEAD", "POST", "PUT", "OPTIONS"].randomElement(using: &random) ?? "GET"
    let target = ["/", "/a/b?c=d", "/%41", "*", "http://localhost/x"].randomElement(using: &random) ?? "/"
    var text = "\(method) \(target) HTTP/1.\(Bool.random(using: &random) ? 1 : 0)\r\n"
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      text += "\(names.randomElement(using: &random) ?? ""): \(values.randomElement(using: &random) ?? "")\r\n"
    }
    return Array((text + "\r\n").utf8)
  }

  private static let odd: [UInt8] = [0, 9, 10, 13, 32, 44, 58, 59, 127, 200, 47, 46, 49]

  private static func mutate(_ bytes: inout [UInt8], _ random: inout Random) {
    for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let byte = odd.randomElement(using: &random) ?? 0
      switch Int.random(in: 0...2, using: &random) {
      case 0: bytes[place] = byte
      case 1: bytes.insert(byte, at: place)
      default: bytes.remove(at: place)
      }
    }
  }

  /// A good head means the same to both.
  @Test(.timeLimit(.minutes(1))) func goodHeadsMeanTheSame() {
    var random = Random(ids: IDGenerator(seed: 1))
    var both = 0
    for _ in 0..<4000 {
      let bytes = Self.head(&random)
      guard let ours = Self.ours(bytes), let theirs = Self.theirs(bytes) else { continue }
      both += 1
      #expect(ours == theirs, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(both > 1000)
  }

  /// Of what is damaged, what both take means the same; and nothing that theirs refuses is taken here.
  @Test(.timeLimit(.minutes(1))) func damagedHeadsAreNeverReadMoreFreely() {
    var random = Random(ids: IDGenerator(seed: 2))
    var (both, freer) = (0, [String]())
    for _ in 0..<8000 {
      var bytes = Self.head(&random)
      Self.mutate(&bytes, &random)
      guard let ours = Self.ours(bytes) else { continue }
      guard let theirs = Self.theirs(bytes) else {
        freer.append(String(decoding: bytes, as: UTF8.self))
        continue
      }
      both += 1
      #expect(ours == theirs, "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(both > 300)
    // Known: an unknown method is no fault of the head's here, it is answered 404 or 405; and what a target names is
    // looked at later, bytes beyond ASCII among it. And a tab behind a length is white space (RFC 9110 5.6.3).
    let known = freer.filter { text in
      let line = text.prefix { $0 != "\r\n" }
      return !Self.hasUsualStart(line) || line.utf8.contains { $0 > 127 } || text.contains("\t\r\n")
    }
    #expect(known.count == freer.count, "\(freer.filter { Self.hasUsualStart($0.prefix { $0 != "\r\n" }) }.prefix(5))")
  }

  private static func hasUsualStart(_ line: some StringProtocol) -> Bool {
    let words = line.split(separator: " ")
    guard words.count == 3, ["GET", "HEAD", "POST", "PUT", "OPTIONS"].contains(String(words[0])) else { return false }
    return words[1].hasPrefix("/") || words[1] == "*" || words[1] == "http://localhost/x"
  }
}

extension String {
  /// SwiftNIO leaves the blanks behind a value where they are; they are none of it (RFC 9112 5).
  fileprivate var trimmed: String { String(reversed().drop { $0 == " " || $0 == "\t" }.reversed()) }
}
