import ChainModel
import TraceLog

/// Goes through a log in the order of time and compares each sample with the state of its thread.
struct KernelComparison {
  /// A sample whose look, with its margin, is not over yet: until then its thread may still move.
  private struct Look {
    var sample: KernelSample
    var slot: UInt16
    var state: ThreadReplay.State
    var changes: UInt64
  }

  private let snapshot: LogSnapshot
  private let ports: [String: Int]
  private let replicas: ReplicaTable
  private let start: UInt64
  private var replay = ChainReplay()
  /// A pid is that of a process on the host where it was looked at.
  private struct Place: Hashable {
    var host: Int?
    var pid: UInt32
  }

  private var slots: [Place: UInt16] = [:]
  /// In the order in which they end, since one sampler looks at one thread at a time.
  private var looks: [Look] = []
  private var result: KernelAgreement

  init(_ snapshot: LogSnapshot, ports: [ReplicaName: Int], from start: UInt64) {
    self.snapshot = snapshot
    self.start = start
    self.ports = Dictionary(uniqueKeysWithValues: ports.map { ($0.key.text, $0.value) })
    replicas = ReplicaTable(snapshot.processes)
    result = KernelAgreement(lost: snapshot.loss)
    result.replicas = replicas
    replay.learn(snapshot)
    for process in snapshot.processes {
      let place = Place(host: process.host, pid: UInt32(bitPattern: process.identity.pid))
      slots[place] = UInt16(truncatingIfNeeded: process.slot)
    }
  }

  mutating func finish() -> KernelAgreement {
    let moment = snapshot.moment
    for record in snapshot.records where record.time <= moment {
      if let first = looks.first, Self.end(first.sample) < record.time { settle(before: record.time) }
      replay.apply(record)
      if record.kind == .sample, record.time >= start {
        begin(KernelSample(record), host: snapshot.process(record)?.host)
      }
    }
    settle(before: .max)
    return result
  }

  private mutating func begin(_ sample: KernelSample, host: Int?) {
    result.samples += 1
    if result.samples == 1 { result.from = elapsed(snapshot.createdAt, sample.before) }
    result.to = elapsed(snapshot.createdAt, sample.before)
    guard let slot = slots[Place(host: host, pid: sample.pid)],
      let thread = replay.processes[slot]?.threads[sample.thread],
      thread.isAnnounced, Self.servesRequests(thread.role)
    else { return result.unknown += 1 }
    guard elapsed(thread.since, sample.before) >= KernelAgreement.margin else { return result.moved += 1 }
    looks.append(Look(sample: sample, slot: slot, state: thread.state, changes: thread.changes))
  }

  /// Of other threads the log only says that they exist.
  private static func servesRequests(_ role: ThreadRole) -> Bool {
    switch role {
    case .worker, .loop, .hired, .store: true
    case .control, .other: false
    }
  }

  private mutating func settle(before time: UInt64) {
    let over = looks.prefix { Self.end($0.sample) < time }
    looks.removeFirst(over.count)
    for look in over { settle(look) }
  }

  /// From here on the thread may do what it likes.
  private static func end(_ sample: KernelSample) -> UInt64 { sample.after &+ KernelAgreement.margin }

  private mutating func settle(_ look: Look) {
    guard let process = replay.processes[look.slot], let thread = process.threads[look.sample.thread],
      thread.changes == look.changes
    else { return result.moved += 1 }
    guard let service = replicas[process.name] else { return result.unknown += 1 }
    let call = look.sample.call.map { replay.strings[$0] }
    var reason = Self.disagreement(look.state, thread.role, call)
    if reason == nil, let expected = expectedPort(look.state) {
      let agrees = look.sample.peerPort == expected
      result.peers.add(agrees)
      if !agrees { reason = .wrongPeer }
    }
    result.total.add(reason == nil)
    result.services[service, default: [:]][look.state.name, default: .init()].add(reason == nil)
    guard let reason else { return }
    result.reasons[reason, default: 0] += 1
    guard result.disagreements.count < KernelAgreement.disagreementLimit else { return }
    let kernel = call.map { "asleep in \($0)" } ?? "running"
    result.disagreements.append(
      .init(
        service: process.name, thread: PlainText.clean(replay.strings[thread.name]), tid: thread.tid,
        at: elapsed(snapshot.createdAt, look.sample.before), log: words(look.state),
        kernel: PlainText.clean(kernel + (look.sample.peerPort.map { ", port \($0)" } ?? "")), reason: reason))
  }

  /// The port on which a thread in this state waits; nil for one that waits for no other service.
  private func expectedPort(_ state: ThreadReplay.State) -> Int? {
    guard case .blocked(let wait) = state, wait.cause == .call else { return nil }
    return ports[replay.strings[wait.target]]
  }

  private func words(_ state: ThreadReplay.State) -> String {
    guard case .blocked(let wait) = state else { return state.name }
    let target = PlainText.clean(replay.strings[wait.target])
    return "blocked: \(wait.cause.name)\(target.isEmpty ? "" : " \(target)")"
  }

  // MARK: What the kernel shows of each state

  private static let polls: Set<String> = ["epoll_wait", "epoll_pwait"]
  /// `futex` is how a condition variable waits.
  private static let sleeps: Set<String> = ["futex", "nanosleep", "clock_nanosleep", "restart_syscall"]
  private static let calls: Set<String> = ["poll", "ppoll", "recvfrom", "recvmsg", "read", "connect"]
  private static let parks = polls.union(["futex", "poll", "ppoll"]).union(sleeps)

  /// Nil when the kernel shows what the state demands. `call` is the system call that the thread sleeps in; nil when it
  /// runs.
  private static func disagreement(
    _ state: ThreadReplay.State, _ role: ThreadRole, _ call: String?
  ) -> KernelAgreement.Reason? {
    switch state {
    case .idle:
      guard let call else { return .idleButRunning }
      return (role == .loop ? polls : ["futex"]).contains(call) ? nil : .idleButRunning
    case .running:
      // A thread that runs may be seen in a call that does not wait for anybody, such as a write.
      return call.map { parks.contains($0) } ?? false ? .runningButAsleep : nil
    case .blocked(let wait):
      switch wait.cause {
      // The database and the file are work in this process: it may run, or wait for the disk.
      case .database, .file: return call.map { parks.contains($0) } ?? false ? .asleepElsewhere : nil
      case .call, .connect, .connectionPool:
        guard let call else { return .blockedButRunning }
        return calls.contains(call) ? nil : .asleepElsewhere
      case .sleep, .lock, .queue, .join:
        guard let call else { return .blockedButRunning }
        return sleeps.contains(call) ? nil : .asleepElsewhere
      case .other: return call == nil ? .blockedButRunning : nil
      }
    }
  }
}

extension ThreadReplay.State {
  var name: String {
    switch self {
    case .idle: "idle"
    case .running: "running"
    case .blocked: "blocked"
    }
  }
}
