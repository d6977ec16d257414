import Atomics
import Topology
import CPlatform
import ChainModel
import EventLoop
import TraceLog

/// What the control port answers. Runs on the control loop, which never waits for the service.
final class ControlRoutes {
  let core: ServiceCore
  private let loops: [LoopContext]
  let controlLoop: EventLoop
  var isReady = false

  init(core: ServiceCore, loops: [LoopContext], controlLoop: EventLoop) {
    self.core = core
    self.loops = loops
    self.controlLoop = controlLoop
  }

  func route(_ request: LocalRequest) throws(LocalRefusal) -> Answer {
    switch (request.method, request.path) {
    case ("GET", "/health"): return .json(Array(#"{"health":"ok"}"#.utf8))
    case ("GET", "/ready"):
      guard isReady else { throw LocalRefusal(503, "the service is starting") }
      return .json(Array(#"{"ready":true}"#.utf8))
    case ("GET", "/status"): return .json(WireJSON.encode(status))
    case ("GET", "/metrics"):
      let text = MetricsText(core: core, loops: loops).render()
      return .text(text, contentType: "text/plain; version=0.0.4; charset=utf-8")
    case ("PUT", "/mode"): return setMode(try body(request).read())
    case ("PUT", "/pool"): return setPool(try body(request).read())
    case ("PUT", "/fault"): return setFault(try body(request).read())
    case ("GET", "/callees"): return .json(WireJSON.encode(CalleeBoard(core.edges).replicas))
    case ("PUT", "/callees"): return try setCallees(request)
    case ("DELETE", "/fault"):
      core.faults.liftAll()
      return .json(WireJSON.encode(["faults": core.faults.texts]))
    case ("PUT", "/policy"): return try setPolicy(try body(request))
    case ("DELETE", "/policy"): return resetPolicies()
    case ("PUT", "/admission"): return setAdmission(try body(request).read())
    default: throw try refusal(request)
    }
  }

  private static let methodsByPath = [
    "/health": "GET, HEAD", "/ready": "GET, HEAD", "/status": "GET, HEAD", "/metrics": "GET, HEAD", "/mode": "PUT",
    "/pool": "PUT", "/fault": "PUT, DELETE", "/policy": "PUT, DELETE", "/admission": "PUT",
    "/callees": "GET, HEAD, PUT",
  ]

  private func refusal(_ request: LocalRequest) throws(LocalRefusal) -> LocalRefusal {
    guard let allowed = Self.methodsByPath[request.path] else {
      let known = Self.methodsByPath.keys.sorted().joined(separator: ", ")
      return LocalRefusal(404, "no such path: expected one of \(known)")
    }
    return LocalRefusal(405, "\(request.path) takes \(allowed)", allow: allowed)
  }

  private func body(_ request: LocalRequest) throws(LocalRefusal) -> ControlBody {
    try request.requireJSON()
    return try ControlBody(request.body)
  }

  // MARK: Changes

  private func setMode(_ change: ModeChange) -> Answer {
    let before = core.switchMode(to: change.mode)
    return .json(WireJSON.encode(["mode": change.mode.rawValue, "was": before.rawValue]))
  }

  private func setPool(_ change: PoolChange) -> Answer {
    core.resizePool(threads: change.threads, queueLimit: change.queue)
    let pool = core.workers.snapshot
    return .json(WireJSON.encode(["threads": pool.threads, "queue": pool.queueLimit]))
  }

  private func setFault(_ fault: Fault) -> Answer {
    let id = core.faults.set(fault)
    var lifetime = fault.duration
    // A stall is over when its window is.
    if case .stall(let window) = fault.kind { lifetime = min(lifetime ?? window, window) }
    if let lifetime {
      let core = core
      controlLoop.schedule(after: lifetime) { core.faults.lift(id) }
    }
    return .json(WireJSON.encode(["faults": core.faults.texts]))
  }

  private func setCallees(_ request: LocalRequest) throws(LocalRefusal) -> Answer {
    try request.requireJSON()
    guard let lists = WireJSON.decode([String: [String?]].self, from: request.body) else {
      throw LocalRefusal(400, "the body is no JSON object with lists of addresses as values")
    }
    try CalleeBoard(core.edges).change(lists)
    return .json(WireJSON.encode(CalleeBoard(core.edges).replicas))
  }

  // MARK: Status

  private var limits: ServiceStatus.Limits {
    let inForce = core.admission.inForce(loops)
    return ServiceStatus.Limits(
      inFlight: inForce.limit, rule: core.admission.limit.text, isShedding: inForce.isShedding,
      connections: core.limits.connections, descriptors: core.limits.descriptors)
  }

  private var status: ServiceStatus {
    let environment = core.environment
    let kernel = KernelStatus.read()
    let pool = core.workers.snapshot
    let own = environment.threads(.worker) + environment.threads(.hired) + environment.threads(.store)
    return ServiceStatus(
      service: core.environment.replica.text, pid: Int(ProcessIdentity.current.pid), mode: core.modes.model,
      uptimeMs: Double((Monotonic.now() &- core.startedAt) / 1_000_000),
      pool: .init(
        threads: pool.threads, running: pool.running, busy: pool.busy, queued: pool.queued,
        queueLimit: pool.queueLimit, overflow: core.configuration.overflow.rawValue),
      inFlight: core.inFlight.load(ordering: .relaxed), connections: core.connections.load(ordering: .relaxed),
      limits: limits,
      threads: .init(
        total: kernel.threads, workers: environment.threads(.worker), loops: environment.threads(.loop),
        hired: environment.threads(.hired), store: environment.threads(.store),
        control: environment.threads(.control)),
      memory: .init(
        virtual: kernel.virtualBytes, resident: kernel.residentBytes,
        stacks: own * core.configuration.stackKiB * 1024),
      faults: core.faults.texts, policies: policies, breakers: breakers, admission: admission,
      log: .init(dropped: environment.log?.dropped ?? 0))
  }
}
