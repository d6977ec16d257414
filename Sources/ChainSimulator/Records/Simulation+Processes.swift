import ChainModel
import Topology
import TraceLog

/// What the log says of processes, threads, pools, models and faults.
extension Simulation {
  private mutating func write(
    _ kind: RecordKind, _ place: Int, thread: UInt32? = nil, other: UInt64 = 0, detail: UInt8 = 0, name: UInt32 = 0,
    arg: UInt32 = 0
  ) {
    guard Sink.isOn else { return }
    sink.write(
      Record(
        kind: kind, time: Self.origin + now, other: other, thread: thread ?? mainThread(place),
        process: UInt16(truncatingIfNeeded: place), detail: detail, name: name, arg: arg))
  }

  mutating func logStart() {
    learnNames()
    guard Sink.isOn else { return }
    for place in stations.indices {
      write(
        .processStart, place, other: UInt64(servicePlace(place)?.code ?? 0), name: sink.intern(processName(place)),
        arg: mainThread(place))
      guard !stations[place].isLoad else {
        write(
          .threadStart, place, other: Self.origin, detail: ThreadRole.other.rawValue, name: sink.intern("load"))
        continue
      }
      logPool(place)
      logModel(place)
      for loop in 0..<stations[place].loops {
        write(
          .threadStart, place, thread: mainThread(place) + ThreadBase.loops + UInt32(loop), other: Self.origin,
          detail: ThreadRole.loop.rawValue, name: sink.intern("\(shortName(place))-l\(loop + 1)"))
      }
    }
  }

  private mutating func learnNames() {
    let services = plan.system.services
    names.calls = services.map { sink.intern("GET \($0.name)") }
    names.bases = services.map { service in
      guard case .latency(let latency) = service.latency else { return sink.intern("simulated latency") }
      return sink.intern("simulated latency \(latency.text)")
    }
    names.routes = program.routeNames.map { sink.intern($0) }
    names.errors = Outcome.allCases.map { $0 == .ok ? 0 : sink.intern($0.name) }
    names.backoff = sink.intern("back-off")
    for index in program.steps.indices { program.steps[index].name = sink.intern(program.steps[index].label) }
  }

  private func shortName(_ place: Int) -> String {
    let name = plan.system.services[stations[place].service].name
    let short = ServiceName(name).shortName
    return stations[place].replica == 0 ? short : "\(short)\(stations[place].replica + 1)"
  }

  /// Replicas are called as those of the services: `payment-service`, `payment-service-2`, …
  func processName(_ place: Int) -> String {
    let station = stations[place]
    let name = station.isLoad ? "load" : plan.system.services[station.service].name
    return station.replica == 0 ? name : "\(name)-\(station.replica + 1)"
  }

  private func servicePlace(_ place: Int) -> ServicePlace? {
    let station = stations[place]
    return station.isLoad ? nil : ServicePlace(order: station.service, number: station.replica + 1)
  }

  mutating func logEnd() {
    guard Sink.isOn else { return }
    for place in stations.indices { write(.processStop, place) }
  }

  mutating func logPool(_ place: Int) {
    write(
      .pool, place, other: UInt64(stations[place].queueLimit), arg: UInt32(clamping: stations[place].threads))
  }

  mutating func logModel(_ place: Int) {
    write(.model, place, detail: stations[place].model.ioModel.code)
  }

  mutating func logFault(_ place: Int, _ fault: FaultInForce, isLifted: Bool) {
    write(.fault, place, detail: isLifted ? 0 : 1, name: fault.label)
  }

  // MARK: Threads

  mutating func logWorker(_ place: Int, _ number: Int, starts: Bool) { logThread(place, 0, number, starts: starts) }

  mutating func logHelper(_ frame: Int, _ number: Int, starts: Bool) {
    logThread(frames.station[frame], helpers(frame) % 3, number, starts: starts)
  }

  /// A thread of one of the three pools of a station. Loops that are blocked are no threads of a pool.
  mutating func logThread(_ place: Int, _ kind: Int, _ number: Int, starts: Bool) {
    guard Sink.isOn, kind != 0 || !stations[place].model.blocksLoops else { return }
    let thread = poolThread(place, kind, number)
    guard starts else { return write(.threadStop, place, thread: thread) }
    let roles: [ThreadRole] = [.worker, .hired, .store]
    write(
      .threadStart, place, thread: thread, other: Self.origin + now, detail: roles[kind].rawValue,
      name: sink.intern("\(shortName(place))-\(roles[kind].name.prefix(1))\(number + 1)"))
  }
}

extension Simulation {
  /// All of the log but its records and texts.
  func frame(runID: String) -> LogSnapshot {
    let processes = stations.indices.map { place in
      LogProcess(
        slot: place, name: processName(place),
        place: servicePlace(place),
        identity: ProcessIdentity(pid: Int32(clamping: mainThread(place)), startTicks: 1), fate: .stopped,
        attachedAt: Self.origin, dropped: 0)
    }
    return LogSnapshot(
      runID: runID, createdAt: Self.origin, takenAt: Self.origin + end, processes: processes, strings: LogStrings(),
      records: [])
  }
}

extension Simulation where Sink == RecordBuffer {
  /// The log as a reader would have it of services that have stopped.
  func snapshot(runID: String) -> LogSnapshot {
    var log = frame(runID: runID)
    log.strings = sink.strings
    log.records = sink.records
    return log
  }
}
