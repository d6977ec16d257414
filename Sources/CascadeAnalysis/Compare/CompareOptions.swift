/// How the steady part of a load is found and cut. Times in nanoseconds.
package struct CompareOptions: Hashable, Sendable {
  /// With fewer repetitions chance would pass for change: see `ComparedSide.spread`.
  package static let leastRepetitions = 5

  /// The steady part is cut into so many equal slices, which serve as repetitions.
  package var slices: Int
  /// Width of the bins in which requests in flight are averaged; doubled as often as there are too many bins.
  package var bin: UInt64
  /// Cut off the steady part at both ends.
  package var trim: UInt64

  package init(slices: Int = 10, bin: UInt64 = 100_000_000, trim: UInt64 = 100_000_000) {
    self.slices = min(max(Self.leastRepetitions, slices), 1000)
    self.bin = max(1, bin)
    self.trim = trim
  }
}

/// What is known of the load besides the log.
package struct ComparedLoad: Hashable, Sendable {
  /// What was asked for, as one name and value each: `rate_per_s`, `clients`, `path` …
  package struct Term: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Nanoseconds of Unix time.
  package var startedAt: UInt64
  package var duration: UInt64
  package var terms: [Term]

  package init(startedAt: UInt64, duration: UInt64, terms: [Term]) {
    self.startedAt = startedAt
    self.duration = duration
    self.terms = terms
  }
}

/// One value of a run's configuration, or of what was in force while it ran.
package struct RunSetting: Hashable, Sendable {
  /// A service, or a section of `services.yaml`.
  package var service: String
  package var name: String
  package var value: String

  package init(service: String, name: String, value: String) {
    self.service = service
    self.name = name
    self.value = value
  }
}
