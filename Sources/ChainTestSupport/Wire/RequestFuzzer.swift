import ChainModel
import EventLoop
import FoundationEssentials
import Synchronization

/// Damaged requests in any pieces, on real connections to a port, several at once: whatever comes, there are as many
/// answers as there were requests, and none of them belongs to another request.
///
/// `CHAINLAB_FUZZ=1000000` says how many connections, `CHAINLAB_FUZZ_SEED` where to begin: each has its own number, which is
/// told with whatever it finds.
package struct RequestFuzzer: Sendable {
  /// How many connections, where the environment says nothing.
  package static let usual = 1500

  private let port: Int
  private let requests: [String]
  /// Answered with its mark if it comes whole.
  private let last: String

  package struct Finding: Error, CustomStringConvertible {
    package var description: String
  }

  /// Bytes to be sent, and the marks of the requests that they were made of.
  private struct Case {
    var bytes: [UInt8] = []
    var marks: ClosedRange<UInt64>
  }

  /// - Parameters:
  ///   - port: of the server.
  ///   - method: with the path and the body, what is answered in a way that tells `#`, which stands for a number.
  ///   - path: of it.
  ///   - body: of it, which is JSON.
  package init(port: Int, _ method: String, _ path: String, body: String = "") {
    self.port = port
    let text = body.isEmpty ? "abcde" : body
    let count = text.marked(10_000_000).utf8.count
    let start = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    let whole = "Content-Type: application/json\r\nContent-Length: \(count)\r\n"
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    let hex = String(count, radix: 16)
    requests = [
      start + "\r\n", start + whole + "\r\n\(text)", start + whole + "Expect: 100-continue\r\n\r\n\(text)",
      start + chunked + "\r\n\(hex);a=b\r\n\(text)\r\n0\r\nx: y\r\n\r\n",
      start + chunked + "\r\n0\(hex.uppercased())\r\n\(text)\r\n1\r\n\n\r\n0\r\n\r\n",
      start + "Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n\r\n",
      "HEAD \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET http://localhost\(path) HTTP/1.1\r\nHost: x\r\n\r\n",
      "\(method) \(path) HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
    ]
    last = start + (body.isEmpty ? "" : whole) + "Connection: close\r\n\r\n" + body
  }

  /// So many connections at a time: what belongs to one must not get into the others.
  private static let lanes = 4

  private struct Progress {
    var seeds: Range<UInt64>
    var requests = 0
    var finding: Finding?
  }

  /// - Returns: how many connections there were.
  /// - Throws: a `Finding`.
  @discardableResult
  package func run() throws -> Int {
    let environment = ProcessInfo.processInfo.environment
    let asked = environment["CHAINLAB_FUZZ"].flatMap { UInt64($0) }
    let count = asked ?? UInt64(Self.usual)
    let first = environment["CHAINLAB_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    let began = Monotonic.now()
    let progress = Locked(Progress(seeds: first..<(first + count)))
    let threads = (0..<Self.lanes).map { LoopThread("fuzz-\($0)") }
    for thread in threads { thread.loop.execute { work(progress) } }
    for thread in threads { thread.stop() }
    let end = progress.state.withLock { $0 }
    if let finding = end.finding { throw finding }
    if asked != nil {
      let seconds = (Monotonic.now() - began) / 1_000_000_000
      print(
        "fuzz: \(requests[0].prefix { !$0.isNewline }) to port \(port): \(count) connections from \(first) on, "
          + "\(end.requests) requests answered or refused, \(seconds) s")
    }
    return Int(count)
  }

  /// One lane.
  private func work(_ progress: Locked<Progress>) {
    while let seed = progress.state.withLock({ $0.finding == nil ? $0.seeds.popFirst() : nil }) {
      let result = Result { try check(seed) }
      progress.state.withLock { progress in
        switch result {
        case .success(let requests): progress.requests += requests
        case .failure(let error): progress.finding = error as? Finding ?? Finding(description: "\(seed): \(error)")
        }
      }
    }
  }

  /// - Returns: how many requests were answered or refused.
  private func check(_ seed: UInt64) throws -> Int {
    var ids = IDGenerator(seed: seed)
    let made = make(seed, &ids)
    let client = try RawClient(port: port)
    do {
      try send(made.bytes, over: client, &ids)
    } catch {
      // The server may have heard enough.
    }
    if ids.next() % 16 == 0 {
      client.reset()
      return 0
    }
    client.halfClose()
    do {
      return try compare(made, client)
    } catch {
      throw Finding(
        description:
          "CHAINLAB_FUZZ_SEED=\(seed): \(error); sent: \(String(decoding: made.bytes, as: UTF8.self).debugDescription)")
    }
  }

  // MARK: Sending

  private func make(_ seed: UInt64, _ ids: inout IDGenerator) -> Case {
    // Eight digits, and other ones than those of the connections around.
    let first = 10_008_000 + (seed % 10_000_000) * 8
    let count = ids.next() % 5
    var made = Case(marks: first...(first + count))
    for number in 0..<count {
      var bytes = Array(requests[Int(ids.next() % UInt64(requests.count))].marked(first + number).utf8)
      for _ in 0..<(ids.next() % 4) { Self.damage(&bytes, &ids) }
      made.bytes += bytes
    }
    if ids.next() % 8 == 0 { made.bytes += Array("\r\n\r\n".utf8) }
    made.bytes += Array(last.marked(first + count).utf8)
    return made
  }

  private static func damage(_ bytes: inout [UInt8], _ ids: inout IDGenerator) {
    guard !bytes.isEmpty else {
      bytes = [13]
      return
    }
    let place = Int(ids.next() % UInt64(bytes.count))
    let odd: [UInt8] = [0, 9, 10, 13, 32, 34, 44, 48, 57, 58, 59, 97, 127, 200, UInt8(truncatingIfNeeded: ids.next())]
    let byte = odd[Int(ids.next() % UInt64(odd.count))]
    switch ids.next() % 5 {
    case 0: bytes[place] = byte
    case 1: bytes.insert(byte, at: place)
    case 2: bytes.remove(at: place)
    case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int(ids.next() % 8)))
    default: bytes.insert(contentsOf: bytes[place...].prefix(Int(ids.next() % 64)), at: place)
    }
  }

  private func send(_ bytes: [UInt8], over client: RawClient, _ ids: inout IDGenerator) throws {
    switch ids.next() % 16 {
    case 0: for byte in bytes { try client.send([byte]) }
    case 1...4: try client.send(bytes)
    default:
      let split = Int(ids.next() % UInt64(bytes.count))
      try client.send(Array(bytes[..<split]))
      try client.send(Array(bytes[split...]))
    }
  }

  // MARK: Answers

  /// - Returns: how many requests were answered or refused.
  private func compare(_ made: Case, _ client: RawClient) throws -> Int {
    var reader = ReferenceReader(made.bytes)
    var count = 0
    while true {
      let before = reader.left
      let head: ReferenceReader.Head
      do throws(ReferenceReader.Failure) {
        head = try reader.request(bodyLimit: 64 * 1024).head
      } catch {
        // What has not come whole may be known to be none, and is not waited for when the client has left.
        if error == .refused {
          try expectRefusal(client)
          count += 1
        }
        break
      }
      let answer = try finalAnswer(client, bodiless: head.start[0] == "HEAD")
      let sent = String(decoding: made.bytes.suffix(before).prefix(before - reader.left), as: UTF8.self)
      try look(at: answer, to: sent, made.marks)
      count += 1
      if answer[header: "connection"] == "close" { break }
      guard head.keepsConnection else { throw Finding(description: "a last answer that does not say so") }
    }
    guard try client.end() == .closed else { throw Finding(description: "no end, or a reset, behind the last answer") }
    return count
  }

  private func finalAnswer(_ client: RawClient, bodiless: Bool) throws -> RawAnswer {
    while true {
      let answer = try client.answer(bodiless: bodiless)
      if answer.status != 100 { return answer }
    }
  }

  private func expectRefusal(_ client: RawClient) throws {
    let answer = try finalAnswer(client, bodiless: true)
    guard answer.status >= 400, answer[header: "connection"] == "close" else {
      throw Finding(description: "found \(answer.status) for what is no request")
    }
  }

  private func look(at answer: RawAnswer, to sent: String, _ marks: ClosedRange<UInt64>) throws {
    let told = Self.numbers(in: answer.body)
    for mark in told where (marks.lowerBound - 8_000...marks.upperBound + 8_000).contains(mark) {
      guard sent.contains("\(mark)") else {
        throw Finding(description: "the answer to another request, \(mark): \(answer.status) \(answer.text)")
      }
    }
    if sent == last.marked(marks.upperBound), !told.contains(marks.upperBound) {
      throw Finding(description: "a good request is not answered as such: \(answer.status) \(answer.text)")
    }
  }
}

/// A value that several threads change.
private final class Locked<Value: Sendable>: Sendable {
  let state: Mutex<Value>

  init(_ value: sending Value) { state = Mutex(value) }
}

extension RequestFuzzer {
  /// All numbers of eight digits, but for those in a trace's id, which may be any.
  private static func numbers(in body: [UInt8]) -> [UInt64] {
    let isDigit = { (byte: UInt8) in (48...57).contains(byte) }
    let words = body.split { !isDigit($0) && !(97...122).contains($0 | 0x20) }
    return words.filter { $0.count != 32 }.flatMap { word in
      word.split { !isDigit($0) }.filter { $0.count == 8 }.map { $0.reduce(0) { $0 * 10 + UInt64($1 - 48) } }
    }
  }
}

extension String {
  fileprivate func marked(_ mark: UInt64) -> String { replacing("#", with: "\(mark)") }
}
