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
      + bystanders + deaths + idleQueues + losses
  }

  private var deadlocks: [Finding] {
    report.blame.filter { $0.kind == .knot }.map { knot in
      Finding(
        check: .deadlock, severity: .red, service: knot.service == "?" ? nil : knot.service,
        summary: "deadlock of \(FigureText.count(knot.members.count, "thread"))",
        text: knot.members.isEmpty
          ? "Pools wait for one another in a circle: every thread is blocked on a queue that only those threads can empty."
          : "\(knot.members.joined(separator: " and ")) wait for one another and will do so for ever: "
            + "take locks in one order, or with a timeout.", look: "chainlab threads")
    }
  }

  private var fullPools: [Finding] {
    report.saturations.compactMap { full in
      let share = FigureText.share(full.blockedShare)
      let size = FigureText.count(full.threads, "thread")
      switch full.character {
      case .byWaiting:
        let cause = full.topCause ?? "other"
        return Finding(
          check: .fullPoolWaiting, severity: .red, service: full.service,
          summary: "\(full.service) full of waiting threads",
          text:
            "\(full.service) was full for \(FigureText.duration(full.duration)), \(share) of that time its \(size) only "
            + "waited (most for \(cause)), with up to \(full.peakQueue) in the queue: more threads would only move the "
            + "onset; shorten what is waited for, cap it, or wait without threads.", look: "chainlab threads")
      case .byWork:
        return Finding(
          check: .fullPoolWorking, severity: .red, service: full.service,
          summary: "\(full.service) full of working threads",
          text: "\(full.service) was full for \(FigureText.duration(full.duration)) and its \(size) worked: it needs "
            + "less load or more processors, not another IO model.", look: "chainlab status")
      case .mixed: return nil
      }
    }
  }

  private var loops: [Finding] {
    var found: [Finding] = []
    for (service, loops) in Dictionary(grouping: report.loops, by: \.service).sorted(by: { $0.key < $1.key }) {
      let culprits = loops.flatMap(\.culprits)
      let calls = culprits.reduce(0) { $0 + $1.count }
      if calls > 0, let worst = culprits.max(by: { $0.time < $1.time }) {
        let total = FigureText.duration(loops.reduce(0) { $0 &+ $1.stalled })
        let delayed = loops.reduce(0) { $0 + $1.delayed }
        found.append(
          Finding(
            check: .blockingCallOnLoop, severity: .red, service: service,
            summary: "blocking calls on loops of \(service)",
            text:
              "\(FigureText.count(calls, "blocking call")) ran on event loops of \(service) (total \(total), longest "
              + "stall \(FigureText.duration(loops.map(\.longest).max() ?? 0)), most time in \(worst.what), "
              + "\(FigureText.count(delayed, "request")) delayed): hand such calls to a pool.",
            look: "chainlab trace follow | grep stall"))
      } else if let late = loops.first(where: { $0.isSaturated && $0.isOnlyLate }) {
        found.append(
          Finding(
            check: .loopSaturated, severity: .amber, service: service, summary: "a loop of \(service) was late",
            text: "\(late.loop) came to a probe up to \(FigureText.duration(late.longest)) late, busy for at most "
              + "\(FigureText.share(late.peakUtilisation)) of a second: either something unrecorded held it, or other "
              + "programs had the processors.", look: "chainlab status"))
      } else if let hot = loops.first(where: \.isSaturated) {
        found.append(
          Finding(
            check: .loopSaturated, severity: .red, service: service, summary: "a loop of \(service) saturated",
            text:
              "\(hot.loop) was busy for up to \(FigureText.share(hot.peakUtilisation)) of a second and stood still for up "
              + "to \(FigureText.duration(hot.longest)): its work must be split or moved.", look: "chainlab status"))
      }
    }
    return found
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
              + "\(FigureText.count(other.abandoned, "request")) took another \(FigureText.duration(other.abandonedTime)) for "
              + "nobody. Let each timeout be longer than those below it, and pass the deadline on.",
            look: "chainlab trace list"))
      }
    }
    return found
  }

  private var lateQueues: [Finding] {
    report.services.compactMap { service in
      let refused = service.rejected["deadline_exceeded"] ?? 0
      let late = service.abandonedInQueue + refused
      guard late > 0 else { return nil }
      return Finding(
        check: .queueLongerThanDeadline, severity: .amber, service: service.service,
        summary: "\(service.service) queues longer than callers wait",
        text: "\(FigureText.count(late, "request")) waited in the queue of \(service.service) until nobody wanted the "
          + "answer: a shorter queue would refuse them at once.", look: "chainlab pool")
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
        text:
          "\(service.service) made \(service.attempts) attempts for \(FigureText.count(firsts, "call")): while a callee is "
          + "slow, each retry adds to what it must do. Cap retries to a share of all calls.",
        look: "chainlab trace list")
    }
  }

  private var shed: [Finding] {
    report.services.compactMap { service in
      let count = service.rejected.values.reduce(0, +)
      guard count > 0, service.arrived > 0 else { return nil }
      let reasons = service.rejected.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      return Finding(
        check: .requestsShed, severity: .note, service: service.service, summary: "\(service.service) shed \(count)",
        text: "\(service.service) refused \(count) of \(FigureText.count(service.arrived, "request")) "
          + "(\(reasons.joined(separator: ", "))): what it refuses holds no thread.", look: "chainlab status")
    }
  }

  private var bystanders: [Finding] {
    report.bystanders.prefix(3).map { route in
      Finding(
        check: .bystandersDelayed, severity: .amber, service: route.service, summary: "\(route.route) delayed",
        text:
          "\(route.route) at \(route.service) needs nobody else, yet waited \(FigureText.duration(route.mean)) on average and up "
          + "to \(FigureText.duration(route.longest)) for a thread: give it threads of its own, or a cap to the others.",
        look: "chainlab trace list")
    }
  }

  private var deaths: [Finding] {
    report.events.filter { $0.what.hasPrefix("died") }.prefix(5).map { death in
      Finding(
        check: .processDied, severity: .red, service: death.service, summary: "\(death.service) died",
        text:
          "\(death.service) \(death.what) at \(FigureText.moment(death.time)): calls to it were in transit until they "
          + "failed or timed out.", look: "chainlab threads")
    }
  }

  private var idleQueues: [Finding] {
    report.services.compactMap { service in
      let isSaturated = report.saturations.contains { $0.service == service.service }
      guard !isSaturated, service.fullNoQueue >= max(500_000_000, report.window / 20) else { return nil }
      return Finding(
        check: .fullWithoutDemand, severity: .amber, service: service.service,
        summary: "\(service.service) full, no demand",
        text:
          "Every thread of \(service.service) was busy for \(FigureText.duration(service.fullNoQueue)), but nobody waited for "
          + "one: it is one request away from a queue.", look: "chainlab status")
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
