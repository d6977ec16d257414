/// Texts by number, each kept once: 1 is the first, 0 is the empty text.
struct TextTable {
  private var arena: [UInt8] = []
  /// Where text n ends in the arena; text n + 1 begins there.
  private var ends: [Int] = [0]
  /// A hash table of numbers, of a power of two of places; 0 is a free place.
  private var places = [UInt32](repeating: 0, count: 1024)

  var count: Int { ends.count - 1 }

  subscript(id: UInt32) -> String {
    guard id > 0, Int(id) < ends.count else { return "" }
    return String(decoding: arena[ends[Int(id) - 1]..<ends[Int(id)]], as: UTF8.self)
  }

  mutating func id(_ text: String) -> UInt32 {
    var text = text
    return text.withUTF8 { id($0) }
  }

  mutating func id(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    guard !bytes.isEmpty else { return 0 }
    var place = Int(truncatingIfNeeded: Self.hash(bytes)) & (places.count - 1)
    while places[place] != 0 {
      if isEqual(places[place], bytes) { return places[place] }
      place = (place + 1) & (places.count - 1)
    }
    arena += bytes
    ends.append(arena.count)
    let id = UInt32(clamping: count)
    places[place] = id
    if count * 2 > places.count { grow() }
    return id
  }

  /// All of them, as a log has them.
  var strings: [UInt32: String] {
    var strings: [UInt32: String] = [:]
    strings.reserveCapacity(count)
    for id in 0..<count { strings[UInt32(id + 1)] = self[UInt32(id + 1)] }
    return strings
  }

  private func isEqual(_ id: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = ends[Int(id) - 1]
    guard ends[Int(id)] - start == bytes.count else { return false }
    for offset in 0..<bytes.count where arena[start + offset] != bytes[offset] { return false }
    return true
  }

  private mutating func grow() {
    places = [UInt32](repeating: 0, count: places.count * 2)
    for id in 1...count {
      let hash = arena.withUnsafeBufferPointer {
        Self.hash(UnsafeBufferPointer(rebasing: $0[ends[id - 1]..<ends[id]]))
      }
      var place = Int(truncatingIfNeeded: hash) & (places.count - 1)
      while places[place] != 0 { place = (place + 1) & (places.count - 1) }
      places[place] = UInt32(id)
    }
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ hash >> 29
  }
}
