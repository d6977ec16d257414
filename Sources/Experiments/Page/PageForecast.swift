import CascadeAnalysis
import ChainModel
package import ChainSimulator
package import Dashboard
import KernelView
import Topology
import TraceLog

/// What the page says will happen, before it happens: the limit by `GraphCapacity`, and the load by a simulation whose log
/// is read by the same rules as that of the chain.
package struct PageForecast {
  let settings: ForecastSettings
  let costs: StepCostTable
  let cores: Int

  /// A simulated log is held in memory: some 50 records a request.
  private static let mostRequests = 5_000.0
  private static let longest = Duration.seconds(30)
  /// A pool that is full now and then is none that fills.
  private static let lasting = (share: 0.2, least: UInt64(200_000_000))

  package init(_ settings: ForecastSettings, costs: StepCostTable, cores: Int = Machine.processors) {
    self.settings = settings
    self.costs = costs
    self.cores = cores
  }

  /// - Throws: when it cannot be simulated.
  package func forecast() throws -> Forecast {
    var notes = settings.notes
    let (limit, bottleneck, unloaded) = limit(&notes)
    var forecast = Forecast(
      front: settings.topology.front.name,
      services: settings.topology.services.map {
        Forecast.Service($0.name, model: $0.model, threads: $0.threads, replicas: $0.replicas, loops: $0.loops)
      }, capacity: limit, bottleneck: bottleneck, unloaded: unloaded, notes: notes)
    if let words = settings.load {
      if let path = words.path, settings.topology.entry(path: path) == nil {
        forecast.notes.append("a load for \(path) is not foretold")
      } else {
        let entries = words.path.flatMap { settings.topology.entry(path: $0) }.map { [$0] } ?? settings.topology.entries
        forecast.load = try load(words, entries.map { SimulatedLoad.Entry($0) }, capacity: limit)
      }
    }
    return forecast
  }

  private func system() -> SimulatedSystem {
    var system = SimulatedSystem(settings.topology, cores: cores, costs: costs)
    for (caller, policies) in settings.policies {
      guard let index = system.index(of: caller.rawValue) else { continue }
      for (callee, policy) in policies {
        if let place = system.index(of: callee.rawValue) { system.services[index].rules[place] = policy }
      }
    }
    return system
  }

  // MARK: The limit

  /// Faults that take time count as the service's own time.
  private func limit(_ notes: inout [String]) -> (Double, Forecast.Bottleneck?, Duration) {
    var system = system()
    var byLoops: (name: ServiceName, rate: Double)?
    for service in settings.topology.services {
      guard let index = system.index(of: service.name.rawValue) else { continue }
      for fault in settings.faults[service.name, default: [:]].values {
        var seconds = 0.0
        switch fault.kind {
        case .latency(let latency): seconds = ServiceTime.latency(latency).mean * fault.share
        case .blockLoop(let duration) where service.model.holdsThread: seconds = duration.seconds * fault.share
        case .blockLoop(let duration):
          let rate = Double(service.loops * service.replicas) / (duration.seconds * fault.share)
          if rate < byLoops?.rate ?? .infinity { byLoops = (service.name, rate) }
        case .hang, .error, .reset, .stall, .slowQuery:
          notes.append("the limit does not count \(service.name.rawValue)'s fault \(fault.text)")
        }
        let known = system.services[index].latency.mean
        if seconds > 0 { system.services[index].latency = .fixed(.seconds(known + seconds)) }
      }
    }
    let plan = SimulationPlan(
      system,
      SimulatedLoad(
        .open(rate: 1, .fixed), entries: settings.topology.entries.map { SimulatedLoad.Entry($0) },
        duration: .seconds(1)))
    let capacity = GraphCapacity(plan)
    let unloaded = Duration.seconds(capacity.unloadedTime)
    if let byLoops, byLoops.rate < capacity.value { return (byLoops.rate, .loops(byLoops.name), unloaded) }
    let narrowest = capacity.bottleneck.map { ServiceName(system.services[$0].name) }
    let bottleneck = narrowest.map { Forecast.Bottleneck.threads($0) }
    return (capacity.value, bottleneck ?? (capacity.value.isFinite ? .processors : nil), unloaded)
  }

  // MARK: The load

  private func load(
    _ words: ForecastSettings.LoadWords, _ entries: [SimulatedLoad.Entry], capacity: Double
  ) throws -> Forecast.Load {
    let arrival: Forecast.Load.Arrival
    let rate: Double
    switch words.arrival {
    case .open(let perSecond, _): (arrival, rate) = (.rate(perSecond), perSecond)
    case .closed(let clients, _): (arrival, rate) = (.clients(clients), capacity)
    }
    let most = Duration.seconds(max(1, Self.mostRequests / max(rate, 1)))
    let length = min(words.length, Self.longest, most)
    var rules = CallPolicy()
    rules.timeout = words.timeout
    let system = system()
    let plan = SimulationPlan(
      system, SimulatedLoad(words.arrival, entries: entries, duration: length, rules: rules),
      changes: settings.faults.flatMap { name, faults in
        faults.values.compactMap { fault in
          system.index(of: name.rawValue).map { ScriptedChange(at: .zero, service: $0, .fault(fault)) }
        }
      })
    let (result, log) = try plan.record(runID: "forecast")
    var load = Forecast.Load(arrival, length: length, answered: result.goodput)
    for (name, count) in result.outcomes where name != Outcome.ok.name {
      let perSecond = Double(count) / result.seconds
      if ShedReason(rawValue: name) == nil { load.failed += perSecond } else { load.refused += perSecond }
    }
    if result.times.count > 0 { load.median = .seconds(result.times.percentile(0.5)) }
    read(log, into: &load)
    return load
  }

  private func read(_ log: LogSnapshot, into load: inout Forecast.Load) {
    let report = CascadeReport(log)
    load.saturated = report.saturations.filter { full in
      full.duration >= Self.lasting.least
        && Double(full.duration) >= Self.lasting.share * Double(report.to - full.onset)
    }.map { Forecast.Saturated($0.service, after: .nanoseconds(Int64($0.onset))) }
    load.stalled = Set(report.loops.filter { $0.isSaturated && !$0.isOnlyLate }.map(\.service)).sorted()
    let refusal = log.records.first { record in
      record.kind == .reject && log.process(record)?.name == settings.topology.front.name.rawValue
    }
    load.refusesAfter = refusal.map { .nanoseconds(Int64($0.time - log.createdAt)) }
  }
}
