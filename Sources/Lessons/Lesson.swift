/// One claim as an experiment: what is set up, what is sent and broken, what is expected and how far off it may be.
package struct Lesson: Sendable {
  package var name: String
  /// `E3`: its number among the experiments.
  package var experiment: String
  package var claim: String
  /// Where the claim comes from.
  package var source: String
  package var story: Story
  /// Part of `lesson run all --quick`.
  package var isQuick: Bool
  /// What it measures is the processor, so that a busy one is no reason to discard.
  package var isAboutCPU: Bool
  package var seeds: Int
  package var cells: [Cell]
  package var checks: [Check]
  /// Its cells are `Mixes`.
  package var isMatrix: Bool
  /// Of the file's text: results of another text are not taken for results of this one. The line `plot:` does not count.
  package var digest: String
  /// What the report draws besides the checks.
  package var plot: Plot?

  /// A measure by cell, or the checks that have a prediction in the same unit, as bars on one scale.
  package struct Plot: Sendable {
    package var says: String
    /// Nil for the checks.
    package var measure: Expression?
    package var unit: String
  }

  /// Told in five steps; before each stands a question.
  package struct Story: Sendable {
    package var question: String
    package var expect: String
    package var planted: String
    package var look: [String]
    package var fixes: String
    package var costs: String
  }

  /// One run: a chain, a load, and what is done meanwhile.
  package struct Cell: Sendable {
    package var name: String
    /// Keys of `services.yaml`, as `gateway.threads`, or `all.threads` for each service.
    package var settings: [String: String]
    package var load: Load
    package var script: [Step]
    package var isQuick: Bool
    /// A second load, on `/ping` of the gateway; requests per second.
    package var pings: Double?
  }

  package struct Load: Sendable {
    /// Of an open loop, per second.
    package var rate: Double?
    /// Of a closed loop.
    package var clients: Int?
    package var isPoisson = false
    package var warmUp = Duration.seconds(1)
    package var duration = Duration.seconds(5)
    /// In its place in `--quick`.
    package var quickDuration: Duration?
    package var timeout = Duration.seconds(30)
    package var path = "/users/{username}/payment-status"
    package var newConnections = false
  }

  package struct Step: Sendable {
    /// From the load's start.
    package var at: Duration
    /// A command line of `chainlab`, or `freeze SERVICE DURATION`.
    package var words: [String]
  }

  /// A measured figure beside what it should be.
  package struct Check: Sendable {
    package var says: String
    /// Or `every`: then at least `leastShare` of the cells must hold it.
    package var cell: String
    package var leastShare: Double
    /// With `every`: cells in which neither the measure nor its prediction has a value do not count, and those in which
    /// one of them has none do not hold it. Otherwise a missing value leaves the check undecided.
    package var mayLack: Bool
    package var measured: Expression
    package var rule: Rule
    package var unit: String
    /// Only with all cells, not in `--quick`.
    package var isQuick: Bool
  }

  package enum Rule: Sendable {
    /// Within so much of a prediction: the larger of an amount in the measure's unit and a share.
    case within(Expression, amount: Double, share: Double)
    case between(Expression, Expression)
    case atLeast(Expression)
    case atMost(Expression)
  }
}
