package import ChainModel

/// What a run has measured. `WireJSON.encode` writes it; the JSON keys are the coding keys here and in the types used,
/// and stay as they are. Numbers that do not exist are left out: the corrected latencies and the offered rate of a
/// closed loop, the latencies of no request.
package struct LoadResult: Codable, Hashable, Sendable {
  package var plan: Plan
  /// Unix time of the start, in milliseconds.
  package var startedAt: Int
  /// The measured time: the plan's duration, or what there was of it when the run was cancelled.
  package var measuredMilliseconds: Double
  /// From the start to the last outcome.
  package var elapsedMilliseconds: Double
  package var wasCancelled: Bool
  package var rates: Rates
  /// By how much requests were sent after they were due; of an open loop.
  package var sentLate: LatencySummary?
  /// Why an open loop did not have the rate that it was asked for; nil when it had.
  package var rateMissed: RateMiss?
  /// Requests that were due in the measured time.
  package var measured: OutcomeCounts
  /// Requests that were due before it.
  package var warmUp: OutcomeCounts
  /// Measured requests.
  package var latency: Latency
  /// Connections that were begun, by all requests.
  package var connections: Int

  /// Per second of the measured time.
  package struct Rates: Codable, Hashable, Sendable {
    /// Requests that were due: what an open loop is asked for.
    package var offered: Double?
    /// Requests that were sent within the measured time.
    package var started: Double
    /// Requests that ended within the measured time, whatever their outcome.
    package var ended: Double
    /// Those of them that were answered, with whatever status. Nil in what older versions have kept.
    package var answered: Double?
    /// Those of them that were answered with a status below 400: the throughput.
    package var successful: Double

    enum CodingKeys: String, CodingKey {
      case offered = "offered_per_s"
      case started = "started_per_s"
      case ended = "ended_per_s"
      case answered = "answered_per_s"
      case successful = "goodput_per_s"
    }
  }

  package struct Latency: Codable, Hashable, Sendable {
    /// Requests that ended, whatever their outcome: one that timed out with its timeout, one that was refused with the
    /// little time that took.
    package var all: LatencyPair
    /// Those answered with a status below 400.
    package var successful: LatencyPair

    enum CodingKeys: String, CodingKey {
      case all
      case successful = "good"
    }
  }

  /// What was asked for.
  package struct Plan: Codable, Hashable, Sendable {
    package var host: String
    package var port: Int
    package var paths: [String]
    /// What was asked for, where it is more than `paths` at `port` with equal shares.
    package var mix: [LoadPlan.Kind]?
    package var usernames: Int
    /// Of a closed loop.
    package var clients: Int?
    /// Of an open loop, per second.
    package var rate: Double?
    package var spacing: LoadPlan.Spacing?
    package var maxInFlight: Int?
    package var warmUpMilliseconds: Double
    package var durationMilliseconds: Double
    package var timeoutMilliseconds: Int
    package var seed: UInt64
    package var newConnections: Bool
    package var loops: Int

    enum CodingKeys: String, CodingKey {
      case host, port, paths, mix, usernames, clients, spacing, seed, loops
      case rate = "rate_per_s"
      case maxInFlight = "max_in_flight"
      case warmUpMilliseconds = "warm_up_ms"
      case durationMilliseconds = "duration_ms"
      case timeoutMilliseconds = "timeout_ms"
      case newConnections = "new_connections"
    }
  }

  enum CodingKeys: String, CodingKey {
    case plan, rates, measured, connections
    case latency = "response_time"
    case sentLate = "sent_late"
    case rateMissed = "rate_missed"
    case startedAt = "started_at_unix_ms"
    case measuredMilliseconds = "measured_ms"
    case elapsedMilliseconds = "elapsed_ms"
    case wasCancelled = "cancelled"
    case warmUp = "warm_up"
  }

  package var measuredSeconds: Double { measuredMilliseconds / 1000 }
  package var elapsedSeconds: Double { elapsedMilliseconds / 1000 }
}

extension LoadResult.Plan {
  /// Who was asked, unless a kind says otherwise.
  package var target: Endpoint { Endpoint(host, port: port) }

  /// What was asked for.
  package var kinds: [LoadPlan.Kind] { mix ?? paths.map { LoadPlan.Kind(path: $0) } }

  package var warmUpSeconds: Double { warmUpMilliseconds / 1000 }

  init(_ plan: LoadPlan) {
    (host, port) = (plan.target.host, plan.target.port)
    paths = plan.paths
    let plain = plan.kinds.allSatisfy {
      $0.method == "GET" && $0.weight == plan.kinds[0].weight && $0.port == nil && $0.host == nil
    }
    mix = plain ? nil : plan.kinds
    usernames = plan.usernames.count
    switch plan.arrival {
    case .closed(let clients): self.clients = clients
    case .open(let rate, let spacing):
      self.rate = rate
      self.spacing = spacing
      maxInFlight = plan.maxInFlight
    }
    warmUpMilliseconds = plan.warmUp.seconds * 1000
    durationMilliseconds = plan.duration.seconds * 1000
    timeoutMilliseconds = Int(plan.timeout.milliseconds)
    seed = plan.seed
    newConnections = plan.newConnections
    loops = plan.loops
  }
}

extension LoadResult {
  init(_ run: LoadRun, _ total: LoopReport) {
    let isOpen = if case .open = run.plan.arrival { true } else { false }
    let end =
      total.wasCancelled
      ? max(run.window.lowerBound, min(run.window.upperBound, total.finishedAt)) : run.window.upperBound
    let seconds = Double(end - run.window.lowerBound) / 1e9
    func perSecond(_ count: Int) -> Double { seconds > 0 ? Double(count) / seconds : 0 }
    plan = Plan(run.plan)
    startedAt = Int(clamping: (run.startAt &+ Monotonic.wallOffset()) / 1_000_000)
    measuredMilliseconds = seconds * 1000
    elapsedMilliseconds = Double(total.finishedAt - min(run.startAt, total.finishedAt)) / 1e6
    wasCancelled = total.wasCancelled
    rates = Rates(
      offered: isOpen ? perSecond(total.measured.due) : nil, started: perSecond(total.sentInWindow),
      ended: perSecond(total.endedInWindow), answered: perSecond(total.answeredInWindow),
      successful: perSecond(total.successfulInWindow))
    sentLate = isOpen ? total.lateness.summary : nil
    rateMissed = isOpen && !total.wasCancelled ? RateMiss(total) : nil
    measured = total.measured
    warmUp = total.warmUp
    latency = Latency(all: total.all.summary(isOpen: isOpen), successful: total.successful.summary(isOpen: isOpen))
    connections = total.connections
  }
}
