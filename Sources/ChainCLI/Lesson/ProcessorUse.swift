import ChainModel
import Glibc
import KernelView
import Supervisor

/// What the services and the host used of the processors between two looks.
struct ProcessorUse {
  private let processes: [(service: String, pid: Int32)]
  private var host = HostIdle()
  private var before: [String: (ticks: Double, switches: Double)] = [:]
  private var overflows: Double?

  init(_ chain: ChainLauncher.Chain) {
    processes = chain.state.services.compactMap { service in
      (service.process?.pid).map { (service.name.rawValue, $0) }
    }
  }

  mutating func begin() {
    _ = host.look()
    overflows = Self.listenOverflows()
    for (service, pid) in processes { before[service] = Self.use(pid) }
  }

  /// Since `begin`, by the names of lessons: of the host `cpu_share` and `listen_overflows` (connections that a full
  /// backlog did not take, each time that they tried), and of each service `cpu_ms(S)` and `switches(S)`.
  mutating func end() -> [String: Double] {
    var figures: [String: Double] = [:]
    if let idle = host.look() { figures["cpu_share"] = 1 - idle }
    if let overflows, let now = Self.listenOverflows() { figures["listen_overflows"] = now - overflows }
    for (service, pid) in processes {
      guard let old = before[service], let new = Self.use(pid) else { continue }
      figures["cpu_ms(\(service))"] = (new.ticks - old.ticks) * 1000 / Double(sysconf(Int32(_SC_CLK_TCK)))
      figures["switches(\(service))"] = new.switches - old.switches
    }
    return figures
  }

  /// Processor ticks of a process, and how often its threads gave the processor up or lost it.
  private static func use(_ pid: Int32) -> (ticks: Double, switches: Double)? {
    guard let line = text("/proc/\(pid)/stat"), let end = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: end)...].split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
    return (user + system, switches(pid))
  }

  private static func switches(_ pid: Int32) -> Double {
    guard let folder = opendir("/proc/\(pid)/task") else { return 0 }
    defer { closedir(folder) }
    var sum = 0.0
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard Int32(name) != nil, let status = text("/proc/\(pid)/task/\(name)/status") else { continue }
      for line in status.split(separator: "\n") where line.contains("ctxt_switches:") {
        sum += line.split(separator: "\t").last.flatMap { Double($0) } ?? 0
      }
    }
    return sum
  }

  /// `TcpExt` in `/proc/net/netstat`: a line of names, then one of numbers.
  private static func listenOverflows() -> Double? {
    let lines = text("/proc/net/netstat")?.split(separator: "\n").filter { $0.hasPrefix("TcpExt:") } ?? []
    guard lines.count == 2 else { return nil }
    let names = lines[0].split(separator: " ")
    let values = lines[1].split(separator: " ")
    guard let place = names.firstIndex(of: "ListenOverflows"), place < values.count else { return nil }
    return Double(values[place])
  }

  private static func text(_ path: String) -> String? {
    (try? AtomicFile.read(path)).map { String(decoding: $0, as: UTF8.self) }
  }
}
