import ChainModel

extension Topology {
  /// Every value as text, by section: a service's name, `trace_log` or `seed`. Ports are left out: they change nothing.
  package var settings: [(section: String, name: String, value: String)] {
    let ofServices = services.flatMap { service in
      Schema.serviceKeys.keys.filter { !["port", "control_port"].contains($0.name) }
        .map { (section: service.name.rawValue, name: $0.name, value: $0.write(service) ?? "") }
    }
    return ofServices
      + Schema.traceLogKeys.keys.map { (section: Schema.traceLog, name: $0.name, value: $0.write(traceLog) ?? "") }
      + Schema.seedKeys.keys.map { (section: Schema.seed, name: $0.name, value: $0.write(seed) ?? "") }
  }
}
