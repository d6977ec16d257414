/// What will happen, by (time, order of scheduling). Each frame has at most one event, which can be moved or cancelled:
/// so the heap is no larger than what is in flight, whatever the timeouts.
///
/// It is a heap of four children a node, of 16 bytes an entry.
struct EventHeap {
  private struct Entry {
    var time: UInt64
    /// Order of scheduling in the upper bits, the frame in the lower ones.
    var key: UInt64

    var frame: Int { Int(key & EventHeap.frameMask) }

    @inline(__always)
    func precedes(_ other: Entry) -> Bool { time != other.time ? time < other.time : key < other.key }
  }

  static let frameBits: UInt64 = 20
  private static let frameMask: UInt64 = 1 << frameBits - 1

  private var entries: [Entry] = []
  /// By frame: where its entry stands; -1: nowhere.
  private var places: [Int] = []
  private var order: UInt64 = 0

  var count: Int { entries.count }

  /// Makes room for frames up to this one.
  mutating func grow(to frame: Int) {
    while places.count <= frame { places.append(-1) }
  }

  func isScheduled(_ frame: Int) -> Bool { places[frame] >= 0 }

  /// In place of the frame's event, if it has one.
  mutating func schedule(_ frame: Int, at time: UInt64) {
    order += 1
    let entry = Entry(time: time, key: order << Self.frameBits | UInt64(frame))
    let place = places[frame]
    if place >= 0 {
      settle(entry, at: place)
    } else {
      entries.append(entry)
      rise(entry, from: entries.count - 1)
    }
  }

  mutating func cancel(_ frame: Int) {
    let place = places[frame]
    guard place >= 0 else { return }
    places[frame] = -1
    let last = entries.removeLast()
    if place < entries.count { settle(last, at: place) }
  }

  /// Takes the first event out, if it is due by `end`.
  mutating func pop(until end: UInt64) -> (frame: Int, time: UInt64)? {
    guard let first = entries.first, first.time <= end else { return nil }
    places[first.frame] = -1
    let last = entries.removeLast()
    if !entries.isEmpty { sink(last, from: 0) }
    return (first.frame, first.time)
  }

  private mutating func settle(_ entry: Entry, at place: Int) {
    if place > 0, entry.precedes(entries[(place - 1) / 4]) {
      rise(entry, from: place)
    } else {
      sink(entry, from: place)
    }
  }

  private mutating func rise(_ entry: Entry, from place: Int) {
    var place = place
    while place > 0 {
      let parent = (place - 1) / 4
      let other = entries[parent]
      guard entry.precedes(other) else { break }
      put(other, at: place)
      place = parent
    }
    put(entry, at: place)
  }

  private mutating func sink(_ entry: Entry, from place: Int) {
    var place = place
    let count = entries.count
    while true {
      let child = place * 4 + 1
      guard child < count else { break }
      var least = child
      var best = entries[child]
      for other in child + 1..<max(child + 1, min(child + 4, count)) where entries[other].precedes(best) {
        (least, best) = (other, entries[other])
      }
      guard best.precedes(entry) else { break }
      put(best, at: place)
      place = least
    }
    put(entry, at: place)
  }

  @inline(__always)
  private mutating func put(_ entry: Entry, at place: Int) {
    entries[place] = entry
    places[entry.frame] = place
  }
}
