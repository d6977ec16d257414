import ChainModel
import TraceLog

/// A record whose every field follows from who wrote it and its number, so that a wrong one shows.
struct Payload: Hashable {
  static let kind = RecordKind.stall

  /// Of the thread that wrote it.
  var author: UInt32
  /// From 1.
  var number: UInt64

  var record: Record {
    var mix = IDGenerator(seed: number << 16 ^ UInt64(author))
    var record = Record(
      kind: Self.kind, trace: mix.nextTrace(), span: number, other: mix.next(),
      detail: UInt8(truncatingIfNeeded: mix.next()),
      arg: UInt32(truncatingIfNeeded: mix.next()))
    record.thread = author
    return record
  }

  /// Nil unless the record is exactly as it was written.
  init?(_ record: Record) {
    self.init(author: record.thread, number: record.span)
    var expected = self.record
    (expected.word, expected.time, expected.process) = (record.word, record.time, record.process)
    guard expected == record else { return nil }
  }

  init(author: UInt32, number: UInt64) {
    self.author = author
    self.number = number
  }
}

/// What a reader has been given of payloads, author by author.
struct PayloadCheck {
  /// By author: the last number, and how many numbers before it never came.
  private(set) var last: [UInt32: UInt64] = [:]
  private(set) var missing: [UInt32: UInt64] = [:]
  private(set) var count = 0
  /// Records that are not as they were written, or not in their thread's order.
  private(set) var wrong = 0

  var missingCount: Int { Int(missing.values.reduce(0, +)) }

  mutating func read(_ records: [Record]) {
    for record in records where record.kind == Payload.kind {
      let seen = last[record.thread, default: 0]
      guard Payload(record) != nil, record.span > seen else {
        wrong += 1
        continue
      }
      if record.span > seen + 1 { missing[record.thread, default: 0] += record.span - seen - 1 }
      last[record.thread] = record.span
      count += 1
    }
  }
}

/// What is left of an author's payloads in a log that has wrapped.
struct Remains {
  var first: UInt64 = 0
  var last: UInt64 = 0
  /// Whether none is missing or wrong in between.
  var isWhole = true

  /// By author.
  static func of(_ records: [Record]) -> [UInt32: Remains] {
    var remains: [UInt32: Remains] = [:]
    for record in records where record.kind == Payload.kind {
      var known = remains[record.thread] ?? Remains(first: record.span, last: record.span - 1)
      if Payload(record) == nil || record.span != known.last + 1 { known.isWhole = false }
      known.last = record.span
      remains[record.thread] = known
    }
    return remains
  }
}
