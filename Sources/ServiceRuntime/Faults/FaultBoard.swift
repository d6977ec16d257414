import Atomics
import ChainModel
import Synchronization
import TraceLog

/// The faults in force, and what they mean for each request that starts.
final class FaultBoard: Sendable {
  private struct State {
    var nextID = 1
    var active: [ActiveFault] = []
    var liftActions: [(token: Int, fault: Int, action: @Sendable () -> Void)] = []
    var random: SplitMix
  }

  private let state: Mutex<State>
  private let environment: ServiceEnvironment
  private let names: Names
  /// Simulated latency from `services.yaml`; not a fault.
  private let base: Latency
  private let baseLabel: UInt32
  /// Spares requests the lock while nothing is wrong.
  private let isArmed: ManagedAtomic<Bool>
  private let asksForFields = ManagedAtomic(false)

  init(base: Latency, seed: UInt64, names: Names, environment: ServiceEnvironment) {
    self.base = base
    self.names = names
    self.environment = environment
    baseLabel = names.id("simulated latency \(base.text)")
    isArmed = ManagedAtomic(base != .zero)
    state = Mutex(State(random: SplitMix(seed: seed)))
  }

  /// Whether a fault in force looks at the fields of requests.
  var wantsFields: Bool { asksForFields.load(ordering: .relaxed) }

  var texts: [String] { state.withLock { $0.active.map(\.fault.text) } }

  /// Brings a fault into force in place of one of the same kind.
  /// - Returns: its id, for `lift`.
  func set(_ fault: Fault) -> Int {
    let now = Monotonic.now()
    let label = names.id("fault: \(fault.text)")
    let (active, replaced) = state.withLock { state in
      let until = fault.duration.map { now &+ $0.nanoseconds }
      let active = ActiveFault(id: state.nextID, fault: fault, label: label, since: now, until: until)
      state.nextID += 1
      let replaced = state.active.filter { $0.fault.kind.name == fault.kind.name }
      state.active.removeAll { $0.fault.kind.name == fault.kind.name }
      state.active.append(active)
      isArmed.store(true, ordering: .releasing)
      asksForFields.store(state.active.contains { $0.fault.header != nil }, ordering: .relaxed)
      return (active, replaced)
    }
    for old in replaced { announce(old, lifted: true) }
    environment.log?.state("fault:\(active.id)", Record(kind: .fault, detail: 1, name: label))
    return active.id
  }

  /// Lifts one fault, if it is still in force; what hangs on it goes on.
  func lift(_ id: Int) { lift { $0.id == id } }

  func liftAll() { lift { _ in true } }

  private func lift(where matches: (ActiveFault) -> Bool) {
    let lifted = state.withLock { state in
      let lifted = state.active.filter(matches)
      state.active.removeAll(where: matches)
      if state.active.isEmpty, base == .zero { isArmed.store(false, ordering: .releasing) }
      asksForFields.store(state.active.contains { $0.fault.header != nil }, ordering: .relaxed)
      return lifted
    }
    for fault in lifted { announce(fault, lifted: true) }
  }

  private func announce(_ fault: ActiveFault, lifted: Bool) {
    environment.log?.forget("fault:\(fault.id)")
    environment.log?.scribe(thread: environment.controlThread.load(ordering: .relaxed)).write(
      Record(kind: .fault, detail: 0, name: fault.label))
    let actions = state.withLock { state in
      let actions = state.liftActions.filter { $0.fault == fault.id }
      state.liftActions.removeAll { $0.fault == fault.id }
      return actions
    }
    for (_, _, action) in actions { action() }
  }

  /// Runs the action when the fault is lifted; at once if it already is.
  func onLift(_ fault: Int, _ action: @escaping @Sendable () -> Void) -> Int {
    let token: Int? = state.withLock { state in
      guard state.active.contains(where: { $0.id == fault }) else { return nil }
      state.nextID += 1
      state.liftActions.append((state.nextID, fault, action))
      return state.nextID
    }
    if token == nil { action() }
    return token ?? 0
  }

  func removeLiftAction(_ token: Int) {
    state.withLock { state in state.liftActions.removeAll { $0.token == token } }
  }

  func isActive(_ id: Int) -> Bool { state.withLock { $0.active.contains { $0.id == id } } }

  /// What this request has to suffer.
  func plan(for exchange: Exchange) -> FaultPlan {
    guard exchange.route.isFaulty, isArmed.load(ordering: .acquiring) else { return .nothing }
    let now = Monotonic.now()
    var plan = FaultPlan()
    state.withLock { state in
      if base != .zero {
        let draw = state.random.draw()
        plan.sleeps.append(.init(duration: base.sample(draw.first, draw.second), label: baseLabel, flags: WaitFlags()))
      }
      for active in state.active where active.fault.matches(exchange) {
        guard active.until.map({ now < $0 }) ?? true else { continue }
        guard active.fault.share >= 1 || state.random.draw().first < active.fault.share else { continue }
        Self.apply(active, state.random.draw(), now: now, to: &plan)
      }
    }
    return plan
  }

  private static func apply(_ active: ActiveFault, _ draw: FaultDraw, now: UInt64, to plan: inout FaultPlan) {
    switch active.fault.kind {
    case .latency(let latency): LatencyFault.apply(latency, active, draw, to: &plan)
    case .error(let status): ErrorFault.apply(status, to: &plan)
    case .hang: HangFault.apply(active, to: &plan)
    case .reset: ResetFault.apply(to: &plan)
    case .stall(let window): StallFault.apply(window, active, now: now, to: &plan)
    case .blockLoop(let duration): BlockLoopFault.apply(duration, active, to: &plan)
    case .slowQuery(let duration): plan.query = duration
    }
  }
}

/// Seeded, so that a run with faults can be repeated.
struct SplitMix {
  private var ids: IDGenerator

  init(seed: UInt64) {
    ids = IDGenerator(seed: seed)
  }

  mutating func draw() -> FaultDraw {
    FaultDraw(first: Double(ids.next() >> 11) * 0x1p-53, second: Double(ids.next() >> 11) * 0x1p-53)
  }
}

extension Fault {
  fileprivate func matches(_ exchange: Exchange) -> Bool {
    if let user, exchange.parameters["username"] != user { return false }
    if let header, !exchange.has(header.name, header.value) { return false }
    return true
  }
}

extension Exchange {
  /// Whether the request has the field, in any case, with this value.
  fileprivate func has(_ name: String, _ value: String) -> Bool {
    fields.contains { $0.value == value && $0.name.lowercased() == name.lowercased() }
  }
}
