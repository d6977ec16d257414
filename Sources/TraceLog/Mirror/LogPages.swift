/// The pages of a log's tables that hold anything: all but the segments and their table, which have an order of their
/// own. Reader and feed compare them by a hash of each.
enum LogPages {
  /// Their offsets: the header, the processes, the text index, the strings.
  static func offsets(_ layout: Layout, processes: UInt64, strings: UInt64) -> [Int] {
    let slots = Int(min(processes, UInt64(Layout.processSlots)))
    let texts = Int(min(strings, UInt64(layout.stringBytes)))
    return pages(0, Layout.page) + pages(Layout.processesOffset, slots * 64)
      + pages(layout.textIndexOffset, Layout.textIndexCount * 4) + pages(layout.stringsOffset, texts)
  }

  private static func pages(_ offset: Int, _ count: Int) -> [Int] {
    Array(stride(from: offset, to: offset + count, by: Layout.page))
  }

  /// Tells contents apart; not against somebody who wants to deceive, who could send anything in the first place.
  /// When somebody has looked last is left out: it changes with every look, and travels by itself.
  static func hash(_ page: [UInt8], at offset: Int) -> UInt64 {
    page.withUnsafeBytes { bytes in
      var hash = UInt64(bytes.count)
      for place in stride(from: 0, to: bytes.count - 7, by: 8) where offset + place != Layout.Header.lookedAt {
        hash = mix(hash, bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      }
      return hash
    }
  }

  static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
    return mixed ^ mixed >> 32
  }
}
