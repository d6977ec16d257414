import ChainModel
import ChainTestSupport
import EventLoop
import Testing

/// Our parsers and the grammar, read naively, on the same bytes: random messages, and good ones with something wrong in
/// them. Both must take the same ones, and in the same sense.
@Suite struct ParserDifferenceTests {
  private struct Random: RandomNumberGenerator {
    var ids: IDGenerator
    mutating func next() -> UInt64 { ids.next() }
  }

  /// What a message means, and how many of the bytes are not its own.
  private struct Meaning: Hashable {
    var start: [String]
    var minor: Int
    var fields: [String] = []
    var keepsConnection: Bool
    var body = ""
    var left: Int
  }

  private typealias Reading = ([UInt8]) -> Meaning?

  private static func latin(_ bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(Unicode.Scalar(byte)) }
    return String(text)
  }

  // MARK: Requests

  private static func requestByOurs(_ bytes: [UInt8]) -> Meaning? {
    let parser = HeadParser()
    return bytes.withUnsafeBytes { bytes -> Meaning? in
      guard let (head, length) = try? parser.request(bytes) else { return nil }
      let fields = head.fields
      return Meaning(
        start: [latin(head.method.bytes), latin(head.target.bytes), "\(head.framing)", "\(head.expectsUnknown)"],
        minor: head.minor,
        fields: (0..<fields.count).map { "\(latin(fields.name($0).bytes)): \(latin(fields.value($0).bytes))" },
        keepsConnection: head.keepsConnection, left: bytes.count - length)
    }
  }

  private static func requestByGrammar(_ bytes: [UInt8]) -> Meaning? {
    var reader = ReferenceReader(bytes)
    guard let head = try? reader.requestHead() else { return nil }
    return Meaning(
      start: head.start + ["\(head.framing)", "\(head.expectsUnknown)"], minor: head.minor, fields: head.fields,
      keepsConnection: head.keepsConnection, left: reader.left)
  }

  private static let names = [
    "Host", "Connection", "Content-Length", "Transfer-Encoding", "X", "traceparent", "Accept", "Expect",
  ]
  private static let values = [
    "localhost", "close", "keep-alive", "0", "7", "chunked", "a, b", "", "x y", "\tz ", "100-continue", "Close , x",
  ]

  private static func fields(_ random: inout Random) -> String {
    (0..<Int.random(in: 0...4, using: &random)).map { _ in
      "\(names.randomElement(using: &random) ?? ""): \(values.randomElement(using: &random) ?? "")\r\n"
    }.joined()
  }

  private static func request(_ random: inout Random) -> [UInt8] {
    let method = ["GET", "HEAD", "POST", "PUT", "OPTIONS"].randomElement(using: &random) ?? "GET"
    let target = ["/", "/a/b?c=d", "/%41", "*", "http://localhost/x"].randomElement(using: &random) ?? "/"
    let minor = Bool.random(using: &random) ? 1 : 0
    return Array("\(method) \(target) HTTP/1.\(minor)\r\n\(fields(&random))\r\nrest".utf8)
  }

  // MARK: Answers

  private static func answerByOurs(_ bytes: [UInt8]) -> Meaning? {
    let parser = HeadParser()
    var reader = ResponseReader(bodyLimit: .max)
    var used = 0
    do {
      // In two pieces.
      for piece in [bytes[..<(bytes.count / 2)], bytes[(bytes.count / 2)...]] where !reader.isDone {
        used += try Array(piece).withUnsafeBytes { try reader.read($0, parser) }
      }
      if !reader.isDone { try reader.end() }
    } catch {
      return nil
    }
    guard let head = reader.head else { return nil }
    return Meaning(
      start: ["\(head.status)", "\(head.framing)"], minor: head.minor, keepsConnection: head.keepsConnection,
      body: latin(reader.body), left: bytes.count - used)
  }

  private static func answerByGrammar(_ bytes: [UInt8]) -> Meaning? {
    var reader = ReferenceReader(bytes)
    guard let (head, body) = try? reader.answer() else { return nil }
    return Meaning(
      start: head.start + ["\(head.framing)"], minor: head.minor, keepsConnection: head.keepsConnection,
      body: String(body), left: reader.left)
  }

  private static let statusLines = ["200 OK", "200", "200 ", "204 No Content", "404 Not\tFound", "304 x", "103 Hints"]
  private static let bodies = [
    "Content-Length: 5\r\n\r\nabcdemore", "\r\nuntil the end",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0A;x=\"y\"\r\n0123456789\r\n0\r\nt: u\r\n\r\nmore",
    "Transfer-Encoding: Chunked\r\n\r\n1 ; a\r\nb\r\n0\r\n\r\n", "Content-Length: 0\r\n\r\n",
  ]

  private static func answer(_ random: inout Random) -> [UInt8] {
    let minor = Bool.random(using: &random) ? 1 : 0
    var text = "HTTP/1.\(minor) \(statusLines.randomElement(using: &random) ?? "")\r\n"
    if text.contains("103") { text += "link: x\r\n\r\nHTTP/1.1 200 OK\r\n" }
    let extra = Int.random(in: 0...3, using: &random) == 0 ? fields(&random) : "server: x\r\n"
    return Array((text + extra + (bodies.randomElement(using: &random) ?? "")).utf8)
  }

  // MARK: Both

  private static let odd: [UInt8] = [0, 9, 10, 13, 32, 44, 58, 59, 127, 200, 47, 46, 49]

  private static func mutate(_ bytes: inout [UInt8], _ random: inout Random) {
    for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let byte = odd.randomElement(using: &random) ?? 0
      switch Int.random(in: 0...3, using: &random) {
      case 0: bytes[place] = byte
      case 1: bytes.insert(byte, at: place)
      case 2: bytes.insert(contentsOf: bytes[place...].prefix(3), at: place)
      default: bytes.remove(at: place)
      }
    }
  }

  /// Where two readings of the same bytes differ; and how many both took.
  private static func differences(
    _ count: Int, seed: UInt64, _ make: (inout Random) -> [UInt8], _ ours: Reading, _ grammar: Reading
  ) -> (found: [String], taken: Int) {
    var random = Random(ids: IDGenerator(seed: seed))
    var (found, taken) = ([String](), 0)
    for _ in 0..<count {
      var bytes = make(&random)
      mutate(&bytes, &random)
      let (one, other) = (ours(bytes), grammar(bytes))
      if one != nil, one == other { taken += 1 }
      if one != other {
        found.append(
          "\(latin(bytes).debugDescription)\n ours: \(one.map { "\($0)" } ?? "no")\n grammar: "
            + (other.map { "\($0)" } ?? "no"))
      }
    }
    return (found, taken)
  }

  @Test(.timeLimit(.minutes(1))) func requestsAreReadAsTheGrammarHasThem() {
    let (found, taken) = Self.differences(12_000, seed: 1, Self.request, Self.requestByOurs, Self.requestByGrammar)
    #expect(found.isEmpty, "\(found.count): \(found.prefix(3).joined(separator: "\n"))")
    #expect(taken > 2000)
  }

  @Test(.timeLimit(.minutes(1))) func answersAreReadAsTheGrammarHasThem() {
    let (found, taken) = Self.differences(12_000, seed: 2, Self.answer, Self.answerByOurs, Self.answerByGrammar)
    #expect(found.isEmpty, "\(found.count): \(found.prefix(3).joined(separator: "\n"))")
    #expect(taken > 2000)
  }

  /// Parsers that are wrong in one way each, by reading something else than what came.
  private static let wrong: [String: @Sendable (String) -> String] = [
    "LF alone ends a line": { text in
      var before: Unicode.Scalar = " "
      return String(
        text.unicodeScalars.reduce(into: String.UnicodeScalarView()) { all, next in
          if next == "\n", before != "\r" { all.append("\r") }
          all.append(next)
          before = next
        })
    },
    "blanks before a colon do not matter": { $0.replacing(" :", with: ":") },
    "HTTP/1.0 is HTTP/1.1": { $0.replacing("HTTP/1.0", with: "HTTP/1.1") },
  ]

  /// The comparison finds what it is for.
  @Test(.timeLimit(.minutes(1)), arguments: Self.wrong.keys.sorted())
  func aParserThatIsWrongIsFound(way: String) throws {
    let change = try #require(Self.wrong[way])
    func bytes(_ bytes: [UInt8]) -> [UInt8] { change(Self.latin(bytes)).unicodeScalars.map { UInt8($0.value) } }
    let request = Self.differences(
      4000, seed: 3, Self.request, { Self.requestByOurs(bytes($0)) }, Self.requestByGrammar)
    #expect(!request.found.isEmpty)
  }
}
