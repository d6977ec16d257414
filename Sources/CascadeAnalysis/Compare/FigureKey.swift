/// Names one figure of a run: what, of which service, and for errors of which type.
package struct FigureKey: Hashable, Sendable {
  /// The raw value is the name in JSON.
  package enum Kind: String, CaseIterable, Sendable {
    /// Requests that arrived at the entry service.
    case arrivals
    /// Requests that it answered without an error.
    case throughput
    /// By `error.type`, or the reason for which a request was refused.
    case errors
    /// Of the requests answered without an error: a refusal is quick, and would pass for a fast answer.
    case responseTimeP50 = "response_time_p50"
    case responseTimeP95 = "response_time_p95"
    case responseTimeP99 = "response_time_p99"
    /// From arrival until a worker or loop starts the request, at the entry service.
    case queueWaitMean = "queue_wait_mean"
    case queueWaitP99 = "queue_wait_p99"
    case inFlight = "in_flight"
    /// What one second of the most blamed state cost its callers, in thread-seconds; 0 where it held no thread.
    case threadAmplification = "amplification_threads"
    /// The same in request-seconds, which the models that do not block have too.
    case requestAmplification = "amplification_requests"
    case peakThreads = "peak_threads"
    /// B: threads that are blocked, on average.
    case blocked
    /// R: requests that wait, on average, with a thread or without.
    case waiting
    /// Q: requests in the queue, on average.
    case queued
    /// Share of the time in which the pool was full and somebody queued.
    case saturated
    /// From the load's first request to the first saturation.
    case onset
    /// Share of the service's threads that the most blamed state held.
    case capture
    case loopStalls = "loop_stalls"
    /// Time that its loops stood still, summed over them, per second.
    case loopStalled = "loop_stalled"
  }

  /// The raw value is the name in JSON.
  package enum Unit: String, Sendable {
    case perSecond = "/s"
    case nanoseconds = "ns"
    case count = "1"
    case share = "share"
  }

  package var kind: Kind
  package var service: String?
  package var type: String?

  package init(_ kind: Kind, service: String? = nil, type: String? = nil) {
    self.kind = kind
    self.service = service
    self.type = type
  }

  package var unit: Unit {
    switch kind {
    case .arrivals, .throughput, .errors, .loopStalls: .perSecond
    case .responseTimeP50, .responseTimeP95, .responseTimeP99, .queueWaitMean, .queueWaitP99, .onset: .nanoseconds
    case .inFlight, .threadAmplification, .requestAmplification, .peakThreads, .blocked, .waiting, .queued: .count
    case .saturated, .capture, .loopStalled: .share
    }
  }

  /// For people.
  var title: String {
    switch kind {
    case .arrivals: "requests"
    case .throughput: "answers without error"
    case .errors: "errors: \(type ?? "")"
    case .responseTimeP50: "response time p50"
    case .responseTimeP95: "response time p95"
    case .responseTimeP99: "response time p99"
    case .queueWaitMean: "queue wait, mean"
    case .queueWaitP99: "queue wait p99"
    case .inFlight: "requests in flight"
    case .threadAmplification: "amplification, threads"
    case .requestAmplification: "amplification, requests"
    case .peakThreads: "peak threads"
    case .blocked: "blocked threads (B)"
    case .waiting: "waiting requests (R)"
    case .queued: "queued requests (Q)"
    case .saturated: "saturated"
    case .onset: "first saturated after"
    case .capture: "threads captured"
    case .loopStalls: "loop stalls"
    case .loopStalled: "loops stood still"
    }
  }

  /// The order in which figures are told: the whole chain's, then service by service.
  func precedes(_ other: FigureKey, services: [String]) -> Bool {
    func place(_ key: FigureKey) -> (Int, Int) {
      let service = key.service.map { services.firstIndex(of: $0) ?? services.count } ?? -1
      return (service, Kind.allCases.firstIndex(of: key.kind) ?? 0)
    }
    let (left, right) = (place(self), place(other))
    return left != right ? left < right : (type ?? "", service ?? "") < (other.type ?? "", other.service ?? "")
  }
}

/// What one run says of a figure.
struct RunFigure: Hashable {
  /// Over the whole steady part; nil: there was none, as no onset where nothing was ever saturated.
  var value: Double?
  /// In each slice that has it.
  var slices: [Double] = []
  /// Of `errors`: how many, in the steady part.
  var count: Int?
}
