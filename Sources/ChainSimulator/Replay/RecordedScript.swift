package import ChainModel
package import TraceLog

/// What a recorded run was set to when a load began, and what was changed while the load went on, as its log tells: fed
/// record by record, then asked for a plan that repeats it (`replay`).
package struct RecordedScript: Sendable {
  /// One process, as it was set.
  struct Instance: Sendable {
    var name: ReplicaName
    var model: IOModel?
    var threads: Int?
    var queueLimit: Int?
    var faults: [Fault] = []
    /// By the callee's name.
    var policies: [String: String] = [:]
    var admission: String?

    struct Fault: Hashable, Sendable {
      var text: String
      var since: UInt64
    }

    /// Whether a simulation that knows replicas only alike may take one for the other.
    func isSet(like other: Instance) -> Bool {
      model == other.model && threads == other.threads && queueLimit == other.queueLimit
        && policies == other.policies && admission == other.admission && faults.map(\.text) == other.faults.map(\.text)
    }
  }

  struct Event: Sendable {
    var at: UInt64
    var slot: UInt16
    /// The IO model, the pool or a fault.
    var change: ServiceChange
  }

  /// From the load's first request to its last outcome, on the log's clock.
  let window: ClosedRange<UInt64>
  private let strings: LogStrings
  private let names: [UInt16: ReplicaName]
  private let slots: [UInt32: UInt16]
  private var current: [UInt16: Instance] = [:]
  /// The settings when the load began.
  private var before: [UInt16: Instance]?
  private(set) var events: [Event] = []
  /// What happened that no simulation repeats, in words.
  private(set) var others: [String] = []
  /// Requests that arrived at the gateway in the window, by route.
  private(set) var arrivals: [String: Int] = [:]
  private let entries: Set<ServiceName>
  private var open: Set<UInt64> = []
  /// Requests in flight at the gateway when the load began.
  private(set) var openBefore = 0

  /// - Parameters:
  ///   - processes: of the log.
  ///   - strings: of the log.
  ///   - window: from the load's first request to its last outcome, on the log's clock.
  ///   - entries: the services that clients ask.
  package init(
    processes: [LogProcess], strings: LogStrings, window: ClosedRange<UInt64>, entries: Set<ServiceName>
  ) {
    self.entries = entries
    self.strings = strings
    self.window = window
    var names: [UInt16: ReplicaName] = [:]
    var slots: [UInt32: UInt16] = [:]
    for process in processes {
      guard let slot = UInt16(exactly: process.slot), let name = process.replica else { continue }
      names[slot] = name
      slots[UInt32(bitPattern: process.identity.pid)] = slot
    }
    (self.names, self.slots) = (names, slots)
  }

  /// The processes that served when the load began, and how they were set.
  var instances: [UInt16: Instance] { before ?? current }

  /// Takes the next record, in the order of time.
  package mutating func apply(_ record: Record) {
    guard record.time <= window.upperBound, let kind = record.kind else { return }
    if isDuring(record.time), before == nil { (before, openBefore) = (current, open.count) }
    if kind == .processDied {
      if let slot = slots[record.arg] { end(slot, record.time, "died") }
      return
    }
    guard let name = names[record.process] else { return }
    switch kind {
    case .processStart: start(record, name)
    case .processStop: end(record.process, record.time, "was stopped")
    case .arrive where entries.contains(name.service): arrive(record)
    case .end, .reject: if entries.contains(name.service) { open.remove(record.span) }
    default: if let change = ServiceChange(record, strings) { set(change, record, name) }
    }
  }

  /// What is set in the very moment in which the load begins is in force for it.
  private func isDuring(_ time: UInt64) -> Bool { time > window.lowerBound }

  /// `+5.2 s`, from the load's beginning.
  func text(_ time: UInt64) -> String {
    FigureText.moment(time - min(time, window.lowerBound), decimals: 1)
  }

  private mutating func arrive(_ record: Record) {
    guard record.time >= window.lowerBound else { return _ = open.insert(record.span) }
    arrivals[strings[record.name], default: 0] += 1
  }

  // MARK: Processes

  private mutating func start(_ record: Record, _ name: ReplicaName) {
    // A start is repeated for readers who come later.
    guard current[record.process] == nil, before?[record.process] == nil else { return }
    current[record.process] = Instance(name: name)
    if isDuring(record.time) { others.append("\(name.text) was started at \(text(record.time))") }
  }

  private mutating func end(_ slot: UInt16, _ time: UInt64, _ how: String) {
    guard let gone = current.removeValue(forKey: slot) else { return }
    if isDuring(time) { others.append("\(gone.name.text) \(how) at \(text(time))") }
  }

  // MARK: Settings

  private mutating func set(_ change: ServiceChange, _ record: Record, _ name: ReplicaName) {
    var instance = current[record.process] ?? Instance(name: name)
    defer { current[record.process] = instance }
    switch change {
    case .model(let model):
      guard model != instance.model else { return }
      instance.model = model
      note(record, change)
    case .pool(let threads, let queueLimit):
      guard (threads, queueLimit) != (instance.threads ?? -1, instance.queueLimit ?? -1) else { return }
      (instance.threads, instance.queueLimit) = (threads, queueLimit)
      note(record, change)
    case .fault(let text, let isOn): setFault(text, isOn: isOn, record, &instance)
    case .policy(let callee, let text):
      if instance.policies[callee] != text {
        instance.policies[callee] = text
        noteOther(change, record, instance)
      }
    case .admission(let text):
      if instance.admission != text {
        instance.admission = text
        noteOther(change, record, instance)
      }
    case .started, .stopped, .died, .breaker: return
    }
  }

  private mutating func setFault(_ text: String, isOn: Bool, _ record: Record, _ instance: inout Instance) {
    let known = instance.faults.firstIndex { $0.text == text }
    if !isOn {
      guard let known else { return }
      let fault = instance.faults.remove(at: known)
      // The simulated one lifts itself too.
      if !fault.isOver(at: record.time) { note(record, .fault(text, isOn: false)) }
    } else if known == nil {
      instance.faults.append(.init(text: text, since: record.time))
      note(record, .fault(text, isOn: true))
    }
  }

  private mutating func noteOther(_ change: ServiceChange, _ record: Record, _ instance: Instance) {
    guard isDuring(record.time) else { return }
    others.append("\(instance.name.text): \(change.text) at \(text(record.time))")
  }

  private mutating func note(_ record: Record, _ change: ServiceChange) {
    // Of a process that came later, all is told by its start.
    guard isDuring(record.time), before?[record.process] != nil else { return }
    events.append(Event(at: record.time, slot: record.process, change: change))
  }
}

extension RecordedScript.Instance.Fault {
  /// Nil: the simulation knows no such fault.
  var fault: ChainModel.Fault? {
    guard let fault = try? ChainModel.Fault.parse(text: text), fault.user == nil, fault.header == nil else {
      return nil
    }
    return fault
  }

  /// Whether its own time has passed.
  func isOver(at time: UInt64) -> Bool {
    guard let duration = fault?.duration else { return false }
    // A timer is not late by much, and not early by more than its clock's step.
    return time &+ 1_000_000 >= since &+ duration.nanoseconds
  }

  /// What is left of it at a moment; nil if nothing is.
  func left(at time: UInt64) -> ChainModel.Fault? {
    guard var fault else { return nil }
    let passed = Duration.nanoseconds(Int64(clamping: time - min(time, since)))
    if case .stall(let length) = fault.kind {
      guard length > passed else { return nil }
      fault.kind = .stall(length - passed)
    }
    if let duration = fault.duration {
      guard duration > passed else { return nil }
      fault.duration = duration - passed
    }
    return fault
  }
}
