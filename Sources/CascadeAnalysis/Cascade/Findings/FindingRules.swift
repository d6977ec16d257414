import ChainModel

/// Every rule, applied to what the log has data for.
struct FindingRules {
  private let report: CascadeReport
  private let fold: CascadeFold

  init(_ report: CascadeReport, _ fold: CascadeFold) {
    self.report = report
    self.fold = fold
  }

  var findings: [Finding] {
    deadlocks + fullPools + UnevenReplicas(report, fold).findings + loops + timeouts + lateQueues + retries + shed
      + bystanders + deaths + idleQueues + host + losses
  }

  private var deadlocks: [Finding] {
    report.blame.filter { $0.kind == .knot }.map { knot in
      Finding(
        check: .deadlock, severity: .red, service: knot.service == "?" ? nil : knot.service,
        summary: "deadlock of \(FigureText.count(knot.members.count, "thread"))",
        text: knot.members.isEmpty
          ? "Pools wait for one another in a circle: every thread is blocked on a queue that only those threads "
            + "can empty."
          : "\(knot.members.joined(separator: " and ")) will wait for one another for ever: "
            + "take locks in one order, or with a timeout.", look: "chainlab threads")
    }
  }

  private var fullPools: [Finding] {
    report.saturations.compactMap { full in
      let size = FigureText.count(full.threads, "thread")
      let time = "\(full.service) was saturated for \(FigureText.duration(full.duration))"
      switch full.character {
      case _ where full.isBrief:
        return Finding(
          check: full.character == .byWork ? .fullPoolWorking : .fullPoolWaiting, severity: .note,
          service: full.service, summary: "\(full.service) saturated for a moment",
          text: "\(time) in all, with up to \(full.peakQueue) queued: too short to act on.", look: nil)
      case .byWaiting:
        return Finding(
          check: .fullPoolWaiting, severity: .red, service: full.service,
          summary: "\(full.service) full of blocked threads",
          text: "\(time), with up to \(full.peakQueue) queued. Its \(size) spent "
            + "\(FigureText.share(full.blockedShare)) of "
            + "that time blocked, mostly on: \(full.topCause ?? "other"). More threads would only delay the onset: "
            + "shorten what they wait for, cap it, or wait without threads.", look: "chainlab threads")
      case .byWork:
        let host = report.lateLoop == nil ? "" : " Other programs took processor time too: see the note on the host."
        return Finding(
          check: .fullPoolWorking, severity: .red, service: full.service,
          summary: "\(full.service) full of working threads",
          text: "\(time) while its \(size) worked: it needs less load or more processors, not another IO model.\(host)",
          look: "chainlab status")
      case .mixed: return nil
      }
    }
  }

  private var loops: [Finding] {
    Dictionary(grouping: report.loops, by: \.service).sorted { $0.key < $1.key }.compactMap { service, loops in
      if let found = blockingCalls(service, loops) { return found }
      guard let hot = loops.first(where: { $0.isSaturated && !$0.isOnlyLate }) else { return nil }
      return Finding(
        check: .loopSaturated, severity: .red, service: service, summary: "an event loop of \(service) saturated",
        text: "\(hot.loop) was busy for up to \(FigureText.share(hot.peakUtilisation)) of a second and stood "
          + "still for up to "
          + "\(FigureText.duration(hot.longest)): split its work, or move it.", look: "chainlab status")
    }
  }

  private func blockingCalls(_ service: String, _ loops: [LoopReport]) -> Finding? {
    let culprits = loops.flatMap(\.culprits)
    let calls = culprits.reduce(0) { $0 + $1.count }
    guard calls > 0, let worst = culprits.max(by: { $0.time < $1.time }) else { return nil }
    let total = FigureText.duration(loops.reduce(0) { $0 &+ $1.stalled })
    let delayed = FigureText.count(loops.reduce(0) { $0 + $1.delayed }, "request")
    return Finding(
      check: .blockingCallOnLoop, severity: .red, service: service,
      summary: "blocking calls on event loops of \(service)",
      text: "\(FigureText.count(calls, "blocking call")) ran on event loops of \(service): they stood still for "
        + "\(total) in "
        + "all, \(FigureText.duration(loops.map(\.longest).max() ?? 0)) at most, mostly in \(worst.what), and delayed "
        + "\(delayed). Hand such calls to a pool.",
      look: "chainlab trace follow | grep stall")
  }

  /// Loops that came late to a probe while they had little to do: the host's doing far more often than the chain's.
  private var host: [Finding] {
    guard let late = report.lateLoop else { return [] }
    return [
      Finding(
        check: .hostBusy, severity: .note, service: nil, summary: "the host was busy",
        text: "\(late.loop) came up to \(FigureText.duration(late.longest)) late to a probe, though it was busy "
          + "for at most "
          + "\(FigureText.share(late.peakUtilisation)) of any second. Other programs had the processors, or "
          + "something that "
          + "no record shows held it: times in this window are less certain.", look: nil)
    ]
  }

  private var timeouts: [Finding] {
    var found: [Finding] = []
    for (index, service) in fold.services.enumerated() {
      for (callee, count) in service.timeouts.sorted(by: { $0.key < $1.key }) {
        let other = fold.services[Int(callee)]
        guard other.abandoned > 0 else { continue }
        let (name, target) = (fold.name(Int32(index)), fold.name(callee))
        let longer = other.timeouts.min { $0.value.shortest < $1.value.shortest }.map {
          " (its own calls to \(fold.name($0.key)) may take \(FigureText.duration($0.value.shortest)))"
        }
        found.append(
          Finding(
            check: .timeoutsDoNotNest, severity: .amber, service: name,
            summary: "\(name) gives up before \(target) does",
            text: "\(name) gave up \(FigureText.count(count.count, "call")) to \(target) after "
              + "\(FigureText.duration(count.shortest)), while \(target) went on\(longer ?? ""): "
              + "\(FigureText.count(other.abandoned, "request")) took another "
              + "\(FigureText.duration(other.abandonedTime)) for "
              + "nobody. Make each timeout longer than those below it, and pass the deadline on.",
            look: "chainlab trace list"))
      }
    }
    return found
  }

  private var lateQueues: [Finding] {
    report.services.compactMap { service in
      let late = service.abandonedInQueue + (service.rejected["deadline_exceeded"] ?? 0)
      guard late > 0 else { return nil }
      return Finding(
        check: .queueLongerThanDeadline, severity: .amber, service: service.service,
        summary: "\(service.service) queues longer than callers wait",
        text: "\(FigureText.count(late, "request")) waited in the queue of \(service.service) until nobody wanted the "
          + "answer: a shorter queue would refuse them at once.", look: "chainlab pool \(service.service) queue=8")
    }
  }

  private var retries: [Finding] {
    report.services.compactMap { service in
      let firsts = service.attempts - service.retries
      guard service.retries > 0, firsts > 0, Double(service.attempts) / Double(firsts) >= 1.1 else { return nil }
      let factor = FigureText.number(Double(service.attempts) / Double(firsts))
      return Finding(
        check: .retriesMultiply, severity: .amber, service: service.service,
        summary: "\(service.service) multiplies its load by \(factor)",
        text: "\(service.service) made \(service.attempts) attempts for \(FigureText.count(firsts, "call")): "
          + "while a callee "
          + "is slow, each retry adds to its load. Limit retries to a share of all calls.", look: "chainlab trace list")
    }
  }

  private var shed: [Finding] {
    report.services.compactMap { service in
      let refused = service.rejected.filter { RequestOutcome(status: 0, errorType: $0.key) == .refused }
      let count = refused.values.reduce(0, +)
      guard count > 0, service.arrived > 0 else { return nil }
      let reasons = refused.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      return Finding(
        check: .requestsShed, severity: .note, service: service.service, summary: "\(service.service) refused \(count)",
        text: "\(service.service) refused \(count) of \(FigureText.count(service.arrived, "request")) "
          + "(\(reasons.joined(separator: ", "))): a refused request holds no thread.", look: "chainlab status")
    }
  }

  /// Only where a pool or loop of theirs was saturated: elsewhere a request waits for the host, and no setting helps.
  private var bystanders: [Finding] {
    let full = Set(report.saturations.filter { !$0.isBrief }.map(\.service))
      .union(report.loops.filter { $0.isSaturated && !$0.isOnlyLate }.map(\.service))
    return report.bystanders.filter { full.contains($0.service) }.prefix(3).map { route in
      Finding(
        check: .bystandersDelayed, severity: .amber, service: route.service, summary: "\(route.route) delayed",
        text: "\(route.route) at \(route.service) needs no other service, yet \(route.waitText): give it "
          + "threads of its "
          + "own, or cap the requests that hold them.", look: "chainlab trace list")
    }
  }

  private var deaths: [Finding] {
    report.events.filter { $0.what.hasPrefix("died") }.prefix(5).map { death in
      Finding(
        check: .processDied, severity: .red, service: death.service, summary: "\(death.service) died",
        text: "\(death.service) \(death.what) at \(FigureText.moment(death.time)): calls to it hung until they "
          + "failed or "
          + "timed out.", look: "chainlab threads")
    }
  }

  private var idleQueues: [Finding] {
    report.services.compactMap { service in
      let isSaturated = report.saturations.contains { $0.service == service.service }
      guard !isSaturated, service.fullNoQueue >= max(500_000_000, report.window / 20) else { return nil }
      return Finding(
        check: .fullWithoutDemand, severity: .amber, service: service.service,
        summary: "\(service.service) full, nothing queued",
        text: "Every thread of \(service.service) was busy for \(FigureText.duration(service.fullNoQueue)) in all, "
          + "with nothing "
          + "queued: one more request would have had to wait.", look: "chainlab status")
    }
  }

  private var losses: [Finding] {
    guard !report.incomplete.isEmpty else { return [] }
    return [
      Finding(
        check: .logIncomplete, severity: .note, service: nil, summary: "the log is incomplete",
        text: "Figures may be too small: \(report.incomplete.joined(separator: "; ")).", look: "chainlab audit")
    ]
  }
}
