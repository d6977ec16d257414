import ChainModel
import Glibc
import Testing
import TraceLog

/// P7: a log damaged anywhere never stops a reader, and what is not damaged is still read.
@Suite(.serialized) struct DamageStormTests {
  private static let places = 10_000

  /// A log of three processes, some of whose segments are full, and the part of its file that holds anything.
  private struct Sample {
    let log: ScratchLog
    let poke: Poke
    let records: [Record]
    let layout = Layout(sizeMiB: 16)
    let bytes: [UInt8]

    init() throws {
      log = try ScratchLog()
      for process in 0..<3 as Range<UInt32> {
        let writer = try log.writer("service-\(process)", ownThread: false)
        let scribes = [writer.scribe(thread: process * 2), writer.scribeOfLoop(thread: process * 2 + 1)]
        let names = (0..<20).map { writer.intern("GET /number/\($0)") }
        for number in 1...600 as ClosedRange<UInt64> {
          for scribe in scribes {
            var record = Payload(author: scribe.thread, number: number).record
            record.name = names[Int(number % 20)]
            scribe.write(record)
          }
        }
        if process > 0 { writer.close() }
      }
      records = try log.snapshot().records
      poke = try Poke(log.path)
      bytes = poke.bytes(at: 0, count: layout.segmentOffset(40))
    }

    /// Writes back what lies behind a place at which the file was cut off; of the processes, only those that there were.
    func restore(from size: Int) {
      poke.truncate(to: layout.fileSize)
      let parts = [0..<Layout.processesOffset + 4 * 64, Layout.segmentTableOffset..<bytes.count]
      for part in parts.map({ $0.clamped(to: min(size, bytes.count)..<bytes.count) }) where !part.isEmpty {
        poke.write(Array(bytes[part]), at: part.lowerBound)
      }
    }

    /// Header, processes, segments, strings and records in equal parts, since most of the file is never used.
    func place(_ random: inout IDGenerator) -> Int {
      let parts = [
        0..<512, Layout.processesOffset..<(Layout.processesOffset + 4 * 64),
        Layout.segmentTableOffset..<(Layout.segmentTableOffset + 40 * 64),
        layout.stringsOffset..<(layout.stringsOffset + 4_096),
        layout.segmentsOffset..<bytes.count, 0..<layout.fileSize,
      ]
      let part = parts[Int(random.next() % UInt64(parts.count))]
      return part.lowerBound + Int(random.next() % UInt64(part.count))
    }

    /// Reads with all three methods.
    /// - Returns: nil when the file was refused as a whole.
    func read() throws -> LogSnapshot? {
      let reader: LogReader
      do { reader = try log.reader() } catch { return nil }
      let snapshot = try reader.snapshot()
      #expect(try reader.readNew().records.isEmpty || snapshot.processes.contains { $0.fate == .running })
      #expect(!snapshot.loss.text.isEmpty)
      var records: [Record] = []
      let scan = try log.reader().scan()
      let missing = scan.forEachBatch { batch in
        for index in batch.indices { records.append(batch[index]) }
      }
      #expect(scan.overview.loss == snapshot.loss && scan.recordCount == records.count && missing == 0)
      #expect(records == snapshot.records)
      return snapshot
    }
  }

  @Test(.timeLimit(.minutes(3))) func aFlippedBitCostsAtMostWhatItStandsIn() throws {
    let sample = try Sample()
    let layout = sample.layout
    var random = IDGenerator(seed: 1)
    var refused = 0
    for _ in 0..<Self.places {
      let place = sample.place(&random)
      let old = sample.poke.bytes(at: place, count: 1)
      sample.poke.write(old[0] ^ 1 << UInt8(random.next() % 8), at: place)
      if let snapshot = try sample.read() {
        let lost = sample.records.count - snapshot.records.count
        // The fate of the one process that still runs decides whether later records wait; the rest is one segment's.
        // A size in the header that is too large describes this file as one cut short, with its parts elsewhere.
        guard !(16..<32).contains(place) else {
          #expect(!snapshot.loss.isNothing || lost == 0, "bit at \(place): \(lost) records lost and not said")
          sample.poke.write(old[0], at: place)
          continue
        }
        let limit = place < layout.segmentsOffset ? layout.recordsPerSegment : 1
        #expect(lost <= limit, "bit at \(place): \(lost) records lost")
        #expect(snapshot.records.count <= sample.records.count + layout.recordsPerSegment)
      } else {
        refused += 1
        #expect(place < 32, "bit at \(place): refused")
      }
      sample.poke.write(old, at: place)
    }
    #expect(try sample.read()?.records == sample.records)
    #expect(refused > 0)
  }

  @Test(.timeLimit(.minutes(3))) func extremeNumbersAnywhereNeverStopAReader() throws {
    let sample = try Sample()
    var random = IDGenerator(seed: 2)
    let extremes: [UInt64] = [0, 1, .max, .max - 1, 1 << 63, 1 << 32, 0xffff, 0x7fff_ffff_ffff_ffff, 0xffff_ffff]
    var read = 0
    for _ in 0..<Storm.count(Self.places, otherwise: 2_000) {
      let places = (0...random.next() % 8).map { _ in min(sample.place(&random), sample.bytes.count - 8) / 8 * 8 }
      for place in places {
        sample.poke.write(random.next() % 4 == 0 ? random.next() : extremes[Int(random.next() % 9)], at: place)
      }
      if try sample.read() != nil { read += 1 }
      for place in places { sample.poke.write(Array(sample.bytes[place..<place + 8]), at: place) }
    }
    #expect(read > 0)
    #expect(try sample.read()?.records == sample.records)
  }

  @Test(.timeLimit(.minutes(3))) func aTruncatedLogIsReadAsFarAsItGoes() throws {
    let sample = try Sample()
    let layout = sample.layout
    let known = Set(sample.records)
    var random = IDGenerator(seed: 3)
    for _ in 0..<Self.places {
      let inData = random.next() % 4 != 0
      let size = Int(random.next() % UInt64(inData ? sample.bytes.count : layout.fileSize))
      sample.poke.truncate(to: size)
      let snapshot = try sample.read()
      sample.restore(from: size)
      #expect((snapshot == nil) == (size < layout.segmentsOffset), "\(size) bytes")
      guard let snapshot else { continue }
      let count = snapshot.records.count
      #expect(snapshot.records.allSatisfy(known.contains))
      #expect(count + snapshot.loss.damaged == sample.records.count, "\(size) bytes")
    }
    #expect(try sample.read()?.records == sample.records)
  }

  @Test(.timeLimit(.minutes(3))) func aFileThatShrinksAfterItWasOpenedIsReadAsFarAsItGoes() throws {
    let sample = try Sample()
    for size in [
      0, 1, 4_096, Layout.segmentTableOffset, sample.layout.segmentsOffset - 1, sample.layout.segmentsOffset + 100,
    ] {
      let reader = try sample.log.reader()
      #expect(try reader.readNew().records == sample.records)
      sample.poke.truncate(to: size)
      #expect(try reader.snapshot().records.count <= sample.records.count)
      #expect(try reader.readNew().records.isEmpty)
      sample.restore(from: size)
    }
    #expect(try sample.read()?.records == sample.records)
  }
}
