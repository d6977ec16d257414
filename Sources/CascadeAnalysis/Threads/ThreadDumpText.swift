import ChainModel
import TraceLog

extension ThreadDump {
  /// The dump for people: a line per service, under it the chains that begin there. Lines are cut at `width`; of each
  /// service `limit` chains are shown in full, the others are summed up in one line.
  /// Of a system that is larger than a screen, what is alike may be folded into one line; `limit` is then of all.
  package func text(width: Int, limit: Int, isFolded: Bool = false) -> String {
    let (width, limit) = (max(20, width), max(0, limit))
    var lines =
      isFolded
      ? foldedLines(width: width, limit: limit) : services.flatMap { describe($0, limit: limit, width: width) }
    lines += deaths.filter(\.isReplaced).flatMap { describe($0, limit: limit, width: width) }
    if lines.isEmpty { lines.append("no thread of a service is in this log: who waits for whom is not known") }
    if !lost.isNothing { lines.append("log: \(lost.text)") }
    if completeSince > 0 {
      lines.append(
        "log: complete for the last \(FigureText.duration(elapsed(completeSince, takenAt))); older is 'perhaps'")
    }
    return lines.map { PlainText.cut($0, to: width) }.joined(separator: "\n")
  }

  private func describe(_ service: Service, limit: Int, width: Int) -> [String] {
    let waiters = service.threads + service.requests
    let roots = waiters.filter(\.isRoot).sorted { ($0.hop.since ?? 0) < ($1.hop.since ?? 0) }
    let covered = waiters.count { !$0.isRoot && $0.hop.state != .idle }
    var lines = header(service, width: width)
    lines += roots.prefix(limit).flatMap { tree($0.chain) }
    lines += Self.summary(of: roots.dropFirst(limit), isRest: limit > 0, width: width)
    if covered > 0 { lines.append("  \(covered) in chains above") }
    return lines
  }

  private func describe(_ death: Death, limit: Int, width: Int) -> [String] {
    let ago = death.ago.map { " \(FigureText.duration($0)) ago" } ?? ""
    let exit = death.exit.map { " (\($0))" } ?? ""
    let title = "died: \(death.service) pid \(death.pid)\(ago)\(exit)\(death.isReplaced ? ", replaced since" : "")"
    guard !death.waiters.isEmpty else { return [title + "; it was idle"] }
    let shown = death.waiters.prefix(limit).map { "  " + $0.hop.line(isRoot: true) }
    let rest = Self.summary(of: death.waiters.dropFirst(limit), isRest: limit > 0, width: width)
    return ["\(title); it had \(death.waiters.count) at work or waiting"] + shown + rest
  }

  // MARK: A service's line

  static let running = LogProcess.Fate.running.name
  private static let nameWidth = 15

  func header(_ service: Service, width: Int, column: Int = nameWidth) -> [String] {
    var parts: [String] = []
    if service.state != Self.running { parts.append(fate(of: service)) }
    if let model = service.model, !model.holdsThread { parts.append(model.rawValue) }
    for pool in service.pools where isShown(pool, service.model) { parts += words(pool) }
    if service.suspended > 0 { parts.append("\(service.suspended) suspended") }
    if service.queued > 0 { parts.append("\(service.queued) queued") }
    parts += service.faults.map { "fault \($0)" }
    if parts.isEmpty { parts.append("no threads in the log") }
    return Self.laidOut(service.service, parts, column: column, width: width)
  }

  /// What does not fit into one line goes on in the next: the end of it says most.
  static func laidOut(_ name: String, _ parts: [String], column: Int, width: Int) -> [String] {
    var lines = [PlainText.pad(name, to: column)]
    for part in parts {
      if PlainText.width(lines[lines.count - 1]) + 2 + PlainText.width(part) > width,
        lines[lines.count - 1].count > column
      {
        lines.append(String(repeating: " ", count: column))
      }
      lines[lines.count - 1] += "  " + part
    }
    return lines
  }

  private func fate(of service: Service) -> String {
    guard let death = deaths.last(where: { $0.service == service.service && !$0.isReplaced }) else {
      return service.state
    }
    let ago = death.ago.map { " \(FigureText.duration($0)) ago" } ?? ""
    return "died\(ago)\(death.exit.map { " (\($0))" } ?? "")"
  }

  func isShown(_ pool: Pool, _ model: IOModel?) -> Bool {
    let isBusy = pool.idle < pool.threads
    guard let model else { return pool.role != ThreadRole.control.name || isBusy }
    let loops = model.holdsThread ? [] : [ThreadRole.loop]
    return (loops + [model.traits.waiters, model.traits.storeWorkers]).contains { $0.name == pool.role } || isBusy
  }

  private func words(_ pool: Pool) -> [String] {
    let states = [(pool.blocked, "blocked"), (pool.running, "running"), (pool.idle, "idle")]
    return [Self.size(pool)] + states.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
  }

  /// `16 threads`, `2 loops`.
  static func size(_ pool: Pool) -> String {
    let noun =
      switch pool.role {
      case ThreadRole.worker.name: "thread"
      case ThreadRole.loop.name: "loop"
      default: "\(pool.role) thread"
      }
    return FigureText.count(pool.threads, noun)
  }

  // MARK: Chains

  private func tree(_ chain: [WaitHop]) -> [String] {
    chain.enumerated().map { depth, hop in
      guard depth > 0 else { return "  " + hop.line(isRoot: true) }
      return String(repeating: " ", count: 1 + 3 * depth) + "└ " + hop.line(isRoot: false)
    }
  }

  /// `11 more wait behind payment-w*; 4 wait for requests still queued at order-service`
  static func summary(of waiters: ArraySlice<Waiter>, isRest: Bool, width: Int) -> [String] {
    var counts: [String: Int] = [:]
    for waiter in waiters { counts[waiter.end, default: 0] += 1 }
    let groups = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    var lines: [String] = []
    for (index, group) in groups.enumerated() {
      let part = "\(group.value) \(index == 0 && isRest ? "more " : "")\(group.key)"
      if let last = lines.last, last.count + part.count + 2 <= width {
        lines[lines.count - 1] = "\(last); \(part)"
      } else {
        lines.append((lines.isEmpty ? "  … " : "    ") + part)
      }
    }
    return lines
  }
}

extension ThreadDump.Waiter {
  /// Where its chain ends, in words that follow a number.
  fileprivate var end: String {
    guard let leaf = chain.last else { return "idle" }
    switch leaf.state {
    case .queued: return "wait for requests still queued at \(leaf.service)"
    case .inTransit: return "wait for calls in transit to \(leaf.service)"
    case .elsewhere: return "wait for \(leaf.service), which is not traced"
    case .cycle: return "wait in a cycle"
    case .died where chain.count > 1: return "wait for \(leaf.service), which died"
    case .suspended where leaf.lacksThread: return "wait for a hired thread of \(leaf.service)"
    case .idle, .running, .blocked, .suspended, .died: break
    }
    guard chain.count > 1 else {
      return leaf.what.isEmpty ? leaf.state.rawValue : "\(leaf.state.rawValue): \(leaf.what)"
    }
    guard let name = leaf.thread, !name.isEmpty else {
      return "wait behind requests \(leaf.state.rawValue) at \(leaf.service)"
    }
    return "wait behind \(String(name.reversed().drop { $0.isNumber }.reversed()))*"
  }
}

extension WaitHop {
  /// One line of a tree; the request stands only at its root.
  func line(isRoot: Bool) -> String {
    let time = duration.map { " " + FigureText.duration($0) } ?? ""
    let tail = isRoot && request != nil ? "    \(request ?? "")" : ""
    switch state {
    case .queued: return "\(perhaps)queued at \(service)\(time)"
    case .inTransit: return "in transit to \(service)"
    case .elsewhere: return "at \(service), which is not traced"
    case .cycle: return "back to \(subject(isRoot: isRoot)): a cycle"
    case .suspended: return join([subject(isRoot: isRoot), "\(perhaps)suspended\(time) (\(absence))", what])
    case .died:
      let what = what.isEmpty ? (diedWhile?.rawValue ?? "") : what
      let after = time.isEmpty ? "" : ", after\(time)"
      return join([subject(isRoot: isRoot), "died \(preposition) \(what)\(after)"]) + (thread == nil ? "" : tail)
    case .idle, .running, .blocked:
      return join([subject(isRoot: isRoot), "\(perhaps)\(state.rawValue)\(time)", what]) + tail
    }
  }

  /// Whether it waits for a hired thread to begin its work.
  fileprivate var lacksThread: Bool { model?.hiresThreads ?? false && cause != .sleep }

  var absence: String { lacksThread ? "no hired thread yet" : "no thread" }

  private var perhaps: String { isUncertain ? "perhaps " : "" }

  /// Died *while* calling, but *in* sleep.
  var preposition: String {
    switch cause {
    case .sleep, .queue, .database, .file, .lock, .join: "in"
    case .call, .connect, .connectionPool, .other, nil: "while"
    }
  }

  private func subject(isRoot: Bool) -> String {
    if let thread, !thread.isEmpty { return thread }
    if let tid { return "thread \(tid) of \(service)" }
    let line = request ?? "a request"
    return isRoot ? line : "\(service)  \(line)"
  }

  private func join(_ parts: [String]) -> String { parts.filter { !$0.isEmpty }.joined(separator: "  ") }

  /// What it waits for or does, in words.
  var what: String { cause.map { $0.words(target ?? "") } ?? target ?? "" }
}
