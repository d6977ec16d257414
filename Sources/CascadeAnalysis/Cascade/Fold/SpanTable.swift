/// Numbers by 64-bit id: open addressing, no allocation per entry. A log of millions of spans looks up one for nearly
/// every record, and a `Dictionary` costs several times as much there.
struct SpanTable {
  private var keys: [UInt64]
  /// -1 marks a free place.
  private var values: [Int32]
  private var mask: Int
  private(set) var count = 0

  init(capacity: Int = 1024) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    keys = Array(repeating: 0, count: size)
    values = Array(repeating: -1, count: size)
    mask = size - 1
  }

  /// The number stored for a key, or -1.
  func find(_ key: UInt64) -> Int32 {
    var place = home(key)
    while true {
      let value = values[place]
      if value < 0 || keys[place] == key { return value }
      place = (place + 1) & mask
    }
  }

  /// The value must be at least 0.
  mutating func set(_ key: UInt64, _ value: Int32) {
    var place = home(key)
    while values[place] >= 0 {
      if keys[place] == key {
        values[place] = value
        return
      }
      place = (place + 1) & mask
    }
    keys[place] = key
    values[place] = value
    count += 1
    if count * 2 > mask { grow() }
  }

  /// Removes a key if it still leads to this number.
  mutating func remove(_ key: UInt64, ifIs value: Int32) {
    var place = home(key)
    while values[place] >= 0, keys[place] != key { place = (place + 1) & mask }
    guard values[place] == value, value >= 0 else { return }
    count -= 1
    // Closes the gap, so that no later entry of the same run becomes unreachable.
    var gap = place
    var next = (gap + 1) & mask
    while values[next] >= 0 {
      let distance = (next &- home(keys[next])) & mask
      if distance >= (next &- gap) & mask {
        keys[gap] = keys[next]
        values[gap] = values[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    values[gap] = -1
  }

  private func home(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    let size = (mask + 1) * 2
    keys = Array(repeating: 0, count: size)
    values = Array(repeating: -1, count: size)
    mask = size - 1
    count = 0
    for (key, value) in zip(oldKeys, oldValues) where value >= 0 { set(key, value) }
  }
}
