/// What will happen, by (time, order of scheduling). Each frame has at most one event, which can be moved or cancelled:
/// so the heap is no larger than what is in flight, whatever the timeouts.
///
/// What is due before `horizon` is in a heap of four children a node, of 16 bytes an entry. What is due later waits in no
/// order: nearly all of it are timeouts of calls, which are cancelled before they come due, and would only make the heap
/// deep.
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
  private var later: [Entry] = []
  private var horizon: UInt64 = 0
  /// How far the horizon moves: so that a good part of what is later comes into the heap with it.
  private var width: UInt64 = 1_000_000
  /// By frame: where its entry stands, in the heap; below -1: in `later`, from -2 downwards; -1: nowhere.
  private var places: [Int] = []
  private var order: UInt64 = 0

  var count: Int { entries.count + later.count }

  /// Makes room for frames up to this one.
  mutating func grow(to frame: Int) {
    while places.count <= frame { places.append(-1) }
  }

  /// In place of the frame's event, if it has one.
  mutating func schedule(_ frame: Int, at time: UInt64) {
    order += 1
    let entry = Entry(time: time, key: order << Self.frameBits | UInt64(frame))
    if places[frame] >= 0, time < horizon { return settle(entry, at: places[frame]) }
    cancel(frame)
    guard time < horizon else {
      places[frame] = -2 - later.count
      return later.append(entry)
    }
    entries.append(entry)
    rise(entry, from: entries.count - 1)
  }

  mutating func cancel(_ frame: Int) {
    let place = places[frame]
    guard place != -1 else { return }
    places[frame] = -1
    guard place >= 0 else { return removeLater(-2 - place) }
    let last = entries.removeLast()
    if place < entries.count { settle(last, at: place) }
  }

  private mutating func removeLater(_ place: Int) {
    let last = later.removeLast()
    guard place < later.count else { return }
    later[place] = last
    places[last.frame] = -2 - place
  }

  /// Takes the first event out, if it is due by `end`.
  mutating func pop(until end: UInt64) -> (frame: Int, time: UInt64)? {
    if entries.isEmpty, !later.isEmpty { moveHorizon() }
    guard let first = entries.first, first.time <= end else { return nil }
    places[first.frame] = -1
    let last = entries.removeLast()
    if !entries.isEmpty { sink(last, from: 0) }
    return (first.frame, first.time)
  }

  /// Brings what is due next into the heap. To look at all that is later is paid for by what comes in with it.
  private mutating func moveHorizon() {
    let first = later.reduce(UInt64.max) { min($0, $1.time) }
    let (sum, isEndless) = first.addingReportingOverflow(width)
    horizon = isEndless ? .max : sum
    let all = later.count
    var kept = 0
    for index in 0..<all {
      let entry = later[index]
      // The first one comes in even at the end of time.
      if entry.time < horizon || entry.time == first {
        entries.append(entry)
        rise(entry, from: entries.count - 1)
      } else {
        later[kept] = entry
        places[entry.frame] = -2 - kept
        kept += 1
      }
    }
    later.removeLast(all - kept)
    if (all - kept) * 8 < all { width = min(width * 2, 1 << 60) }
    if (all - kept) * 2 > all { width = max(width / 2, 1) }
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
