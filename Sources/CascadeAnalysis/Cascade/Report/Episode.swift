/// A stretch of time in which one pool or another was saturated, shorter pauses bridged.
///
/// A log may hold several: a flicker while caches fill, then the cascade. The report tells the one in which most
/// saturated time was spent; what happened in the others is counted, and told as happening elsewhere.
struct Episode {
  private(set) var intervals: [FoldInterval] = []
  private(set) var end: UInt64 = 0

  private var weight: UInt64 { intervals.reduce(0) { $0 &+ ($1.end &- $1.start) } }

  /// - Parameters:
  ///   - intervals: by their start.
  ///   - pause: longer ones end an episode.
  /// - Returns: the heaviest; of equals the first. Nil without intervals.
  static func main(_ intervals: [FoldInterval], pause: UInt64) -> Episode? {
    var episodes: [Episode] = []
    for interval in intervals {
      if let last = episodes.last, interval.start <= last.end || interval.start &- last.end < pause {
        episodes[episodes.count - 1].add(interval)
      } else {
        var next = Episode()
        next.add(interval)
        episodes.append(next)
      }
    }
    var heaviest = episodes.first
    for episode in episodes.dropFirst() where episode.weight > heaviest?.weight ?? 0 { heaviest = episode }
    return heaviest
  }

  private mutating func add(_ interval: FoldInterval) {
    intervals.append(interval)
    end = max(end, interval.end)
  }
}
