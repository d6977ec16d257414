import ChainModel

/// What processes and their host used of the processors between two looks.
package struct ProcessorUse {
  private let processes: [(name: String, view: ProcessView)]
  private var host = HostIdle()
  private var before: [String: Look] = [:]
  private var overflows: Double?

  private struct Look {
    var time: Duration
    var switches: Int
  }

  /// - Parameter processes: with the names that the figures bear.
  package init(_ processes: [(name: String, pid: Int32)]) {
    self.processes = processes.map { ($0.name, ProcessView(pid: $0.pid)) }
  }

  /// The first look.
  package mutating func begin() {
    _ = host.look()
    overflows = Self.listenOverflows()
    for (name, view) in processes { before[name] = Self.look(view) }
  }

  /// The second look.
  /// - Returns: of the host `cpu_share` and `listen_overflows` (connections that a full backlog did not take, each time
  ///   that they tried), and of each process `cpu_ms(NAME)` and `switches(NAME)`.
  package mutating func end() -> [String: Double] {
    var figures: [String: Double] = [:]
    if let idle = host.look() { figures["cpu_share"] = 1 - idle }
    if let overflows, let now = Self.listenOverflows() { figures["listen_overflows"] = now - overflows }
    for (name, view) in processes {
      guard let old = before[name] else { continue }
      let new = Self.look(view)
      figures["cpu_ms(\(name))"] = (new.time - old.time).seconds * 1000
      figures["switches(\(name))"] = Double(new.switches - old.switches)
    }
    return figures
  }

  private static func look(_ view: ProcessView) -> Look {
    Look(time: view.processorTime, switches: view.contextSwitches)
  }

  /// `TcpExt` in `/proc/net/netstat`: a line of names, then one of numbers.
  private static func listenOverflows() -> Double? {
    let lines = ProcFile.text("/proc/net/netstat").split(separator: "\n").filter { $0.hasPrefix("TcpExt:") }
    guard lines.count == 2 else { return nil }
    let names = lines[0].split(separator: " ")
    let values = lines[1].split(separator: " ")
    guard let place = names.firstIndex(of: "ListenOverflows"), place < values.count else { return nil }
    return Double(values[place])
  }
}
