/// What theory says of a chain of blocking services, as functions of numbers. Times are in milliseconds, rates per second.
package enum ClosedForms {
  /// By the name that lessons use.
  static let named: [String: @Sendable ([Double]) -> Double?] = [
    "min": { $0.min() },
    "max": { $0.max() },
    "ceiling": { two($0) { ceiling(threads: $0, holding: $1) } },
    "front_ms": { three($0) { front(threads: $0, held: $1, rate: $2) } },
    "overflow_ms": { three($0) { overflow(threads: $0, queue: $1, rate: $2) } },
    "mixed_ceiling": { $0.count == 5 ? mixed(threads: $0[0], ($0[1], $0[2]), ($0[3], $0[4])) : nil },
    "attempts": { two($0) { attempts(retries: $0, layers: $1) } },
    "metastable_above": { two($0) { $0 / (1 + $1) } },
    "safe_queue": { three($0) { safeQueue(capacity: $0, timeout: $1, service: $2) } },
    "lone_queue_ms": { three($0) { loneQueue(rate: $0, share: $1, holding: $2) } },
    "omission_p99_ms": { two($0) { omission(stop: $0, run: $1) } },
  ]

  private static func two(_ values: [Double], _ form: (Double, Double) -> Double) -> Double? {
    values.count == 2 ? form(values[0], values[1]) : nil
  }

  private static func three(_ values: [Double], _ form: (Double, Double, Double) -> Double) -> Double? {
    values.count == 3 ? form(values[0], values[1], values[2]) : nil
  }

  /// Little's law for a pool: at most so many requests a second, each holding a thread for so long (Little 1961, N = X·R
  /// with N ≤ T). The same for hired threads, H/D, and for loops that block, L/D.
  package static func ceiling(threads: Double, holding milliseconds: Double) -> Double { threads / milliseconds * 1000 }

  /// When a pool is full after what it calls has stopped to answer: its free threads go at the rate of arrivals,
  /// t = (T − n)/λ.
  package static func front(threads: Double, held: Double, rate: Double) -> Double { (threads - held) / rate * 1000 }

  /// How long a stop may last before a pool and its queue overflow: S* = (T + Q)/λ.
  package static func overflow(threads: Double, queue: Double, rate: Double) -> Double {
    (threads + queue) / rate * 1000
  }

  /// A pool that serves two kinds of requests: X = T / Σ p·D, p being each kind's share of the arrivals.
  package static func mixed(
    threads: Double, _ first: (rate: Double, holding: Double), _ second: (rate: Double, holding: Double)
  ) -> Double {
    let all = first.rate + second.rate
    return threads / ((first.rate * first.holding + second.rate * second.holding) / all) * 1000
  }

  /// What reaches the last service when each of so many layers tries again so often: (1 + r)^layers.
  package static func attempts(retries: Double, layers: Double) -> Double {
    (0..<Int(layers)).reduce(1.0) { product, _ in product * (1 + retries) }
  }

  /// The longest queue from which a request is still served within its timeout: Q < C·(τ − D).
  package static func safeQueue(capacity: Double, timeout: Double, service: Double) -> Double {
    capacity * (timeout - service) / 1000
  }

  /// What requests wait on average for a loop that a share of them holds for so long, and the others for next to nothing:
  /// W = λ·E[S²] / 2(1 − λ·E[S]) (Pollaczek 1930, Khinchine 1932). Infinite when the loop cannot keep up.
  package static func loneQueue(rate: Double, share: Double, holding milliseconds: Double) -> Double {
    let busy = rate * share * milliseconds / 1000
    return busy < 1 ? busy * milliseconds / (2 * (1 - busy)) : .infinity
  }

  /// The 99th percentile that an open loop sees of one stop in a run: S − 0.01·T. Requests come evenly, so that the share
  /// x of those that were delayed by more than S − x·T is x.
  package static func omission(stop: Double, run: Double) -> Double { stop - 0.01 * run }
}
