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

  /// Takes what has been published since the last look, up to a place.
  mutating func look(
    at copy: SegmentCopy, tag: SegmentTag, to end: Int, isAlive: Bool, take: (borrowing Record) -> Void
  ) -> Gaps {
    var gaps = Gaps()
    var stillUnfilled: [UInt16] = []
    func look(_ place: Int) {
      if let record = copy.record(at: place, word: tag.word(at: place)) {
        if record.kind == nil { gaps.damaged += 1 } else { take(record) }
      } else if isAlive {
        stillUnfilled.append(UInt16(place))
      } else {
        gaps.holes += 1
      }
    }
    for place in unfilled { look(Int(place)) }
    while position < end, stillUnfilled.count < Self.unfilledLimit {
      look(position)
      position += 1
    }
    unfilled = stillUnfilled
    return gaps
  }
}
