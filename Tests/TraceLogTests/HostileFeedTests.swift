import ChainModel
import Glibc
import Testing
import TraceLog

/// What comes from another host is not trusted: it is refused whole, or written where a log has room for it.
@Suite struct HostileFeedTests {
  /// A mirror that has a part, and the answer that brings the rest.
  private struct Sample {
    let mirrored: MirroredLog
    let answer: [UInt8]

    init(records: UInt64 = 300) throws {
      mirrored = try MirroredLog(try ScratchLog())
      let writer = try mirrored.log.writer(ownThread: false)
      for number in 1...100 as ClosedRange<UInt64> {
        writer.scribe(thread: 1).write(Payload(author: 1, number: number).record)
      }
      try mirrored.pull()
      _ = writer.intern("another name")
      for number in 101...100 + records {
        writer.scribe(thread: 1).write(Payload(author: 1, number: number).record)
      }
      answer = try mirrored.answer()
    }

    /// Of the file.
    var state: [UInt8] {
      get throws { try Poke(mirrored.mirrorPath).bytes(at: 0, count: Layout(sizeMiB: 16).segmentOffset(4)) }
    }

    /// - Returns: nil where it was taken.
    func refusal(of bytes: [UInt8]) -> MirrorError? {
      do throws(MirrorError) {
        try mirrored.mirror.apply(bytes)
        return nil
      } catch {
        return error
      }
    }
  }

  @Test func anAnswerThatIsCutOffIsRefusedAndNothingOfItIsWritten() throws {
    let sample = try Sample()
    let before = try sample.state
    for count in stride(from: 0, to: sample.answer.count, by: 61) {
      guard case .malformed = sample.refusal(of: Array(sample.answer[..<count])) else {
        Issue.record("\(count) of \(sample.answer.count) bytes were taken")
        return
      }
    }
    #expect(sample.refusal(of: sample.answer + [0]) != nil)
    #expect(try sample.state == before)
    #expect(sample.refusal(of: sample.answer) == nil)
    #expect(try sample.mirrored.difference() == nil)
  }

  @Test func anotherVersionIsSaid() throws {
    let sample = try Sample()
    var bytes = sample.answer
    bytes[4] = 9
    #expect(sample.refusal(of: bytes) == .wrongVersion(found: 9))
    var want = LogWant().bytes
    want[4] = 7
    #expect(throws: MirrorError.wrongVersion(found: 7)) { try LogWant(want) }
    #expect(throws: MirrorError.self) { try LogWant(Array("GET / HTTP/1.1".utf8)) }
    #expect(MirrorError.wrongVersion(found: 9).description.contains("the same version of this program"))
  }

  @Test func aLogThatIsTooLargeIsRefusedBeforeItTakesRoom() throws {
    let log = try ScratchLog()
    let path = "\(log.folder)/small.log"
    let mirror = try LogMirror(path: path, limit: 1 << 20)
    let answer = try LogFeed(path: log.path).patches(for: LogWant()).bytes
    let error = #expect(throws: MirrorError.self) { try mirror.apply(answer) }
    #expect(error == .tooLarge(bytes: Layout(sizeMiB: 16).fileSize, limit: 1 << 20))
    #expect(try Poke(path).size == 0)
  }

  /// In an answer: where the sizes stand, and the first segment's number and count.
  private static let places = (layout: 24, segment: 48, records: 60)

  @Test func whatLiesOutsideOfTheLogIsRefused() throws {
    let sample = try Sample()
    let before = try sample.state
    var firstPatch = sample.answer
    // Its first patch is the header, or another page: behind the segments that change.
    let segments = Int(sample.answer[44])
    let offset = Self.places.segment + segments * 20 + 4
    for value: UInt64 in [.max, .max / 2, UInt64(Layout(sizeMiB: 16).fileSize - 1), 1, 8, 4095] {
      withUnsafeBytes(of: value.littleEndian) { firstPatch.replaceSubrange(offset..<offset + 8, with: $0) }
      #expect(sample.refusal(of: firstPatch) != nil, "a patch at \(value)")
    }
    let cases: [(Int, UInt32)] = [
      (Self.places.segment, 70_000), (Self.places.segment, .max), (Self.places.records, 257),
      (Self.places.records, .max),
      (Self.places.layout, 0), (Self.places.layout, 2_000), (Self.places.layout + 4, 0), (Self.places.layout + 4, 512),
      (44, .max), (8, 0), (8, 12_345),
    ]
    for (place, value) in cases {
      var bytes = sample.answer
      withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
      #expect(sample.refusal(of: bytes) != nil, "\(value) at \(place)")
    }
    #expect(try sample.state == before)
  }

  /// Whatever is taken of it, the file stays one that readers cope with, of the size that it has.
  @Test(.timeLimit(.minutes(2))) func noDamageOfAnAnswerStopsAMirrorOrItsReaders() throws {
    let sample = try Sample(records: 20)
    let size = try Poke(sample.mirrored.mirrorPath).size
    var random = IDGenerator(seed: 4)
    var (taken, refused) = (0, 0)
    for _ in 0..<Storm.count(20_000, otherwise: 500) {
      var bytes = sample.answer
      for _ in 0...random.next() % 4 {
        // The head of an answer as often as all of it.
        let range = random.next() % 2 == 0 ? bytes.count : min(bytes.count, 120)
        bytes[Int(random.next() % UInt64(range))] = UInt8(truncatingIfNeeded: random.next())
      }
      if sample.refusal(of: bytes) == nil { taken += 1 } else { refused += 1 }
      let snapshot = try sample.mirrored.snapshot()
      #expect(snapshot.records.count <= 1_000 && snapshot.runID.utf8.count <= 200)
      _ = sample.mirrored.mirror.want
    }
    #expect(taken > 0 && refused > 0)
    #expect(try Poke(sample.mirrored.mirrorPath).size == size)
  }

  /// What a reader says that it has may be anything.
  @Test(.timeLimit(.minutes(2))) func noWantStopsAFeed() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    for number in 1...1_000 as ClosedRange<UInt64> {
      writer.scribe(thread: 1).write(Payload(author: 1, number: number).record)
    }
    let feed = try LogFeed(path: log.path)
    let mirror = try LogMirror(path: "\(log.folder)/mirror.log")
    _ = try MirroredLog.pull(feed, mirror)
    let sound = mirror.want.bytes
    var random = IDGenerator(seed: 5)
    var answers = 0
    for _ in 0..<Storm.count(20_000, otherwise: 1_000) {
      var bytes = sound
      for _ in 0...random.next() % 4 {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let want = try? LogWant(bytes), let patches = try? feed.patches(for: want) else { continue }
      #expect(patches.bytes.count < 2 << 20)
      answers += 1
    }
    #expect(answers > 0)
  }
}
