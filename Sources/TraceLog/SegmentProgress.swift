/// How far a reader has come in one segment.
struct SegmentProgress {
  /// The segment's number when it was read.
  var sequence: UInt64 = 0
  /// Every place before this one has been read, but for the `unfilled` ones.
  var position = 0
  /// Places that a living process has claimed and not filled, in order. The thread that has claimed one writes nothing
  /// else before it, so to read on behind them keeps each thread's order.
  var unfilled: [UInt16] = []

  /// More than any process has threads between claim and publication; a hostile file must not fill the memory.
  static let unfilledLimit = 1024

  /// The first place to look at.
  var first: Int { unfilled.first.map(Int.init) ?? position }

  /// What was found besides records.
  struct Gaps {
    var holes = 0
    var damaged = 0

    static func += (gaps: inout Gaps, more: Gaps) {
      gaps.holes += more.holes
      gaps.damaged += more.damaged
    }
  }

  /// Takes what has been published since the last look, up to a place, each with the place where it stands.
  @inline(__always)
  mutating func look(
    at copy: SegmentCopy, tag: SegmentTag, to end: Int, isAlive: Bool, take: (UnsafePointer<Record>, Int) -> Void
  ) -> Gaps {
    let known = KindSet.all
    var gaps = Gaps()
    var stillUnfilled: [UInt16] = []
    var seen = 0
    while true {
      let place: Int
      if seen < unfilled.count {
        place = Int(unfilled[seen])
        seen += 1
      } else if position < end, stillUnfilled.count < Self.unfilledLimit {
        place = position
        position += 1
      } else {
        break
      }
      if let record = copy.record(at: place, word: tag.word(at: place)) {
        let code = record.pointee.kindCode
        if known.contains(code) {
          take(record, place)
        } else if code == Record.holeCode {
          gaps.holes += 1
        } else if code != Record.voidCode {
          gaps.damaged += 1
        }
      } else if isAlive {
        stillUnfilled.append(UInt16(place))
      } else {
        gaps.holes += 1
      }
    }
    unfilled = stillUnfilled
    return gaps
  }
}
