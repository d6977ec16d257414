import ChainModel
import Glibc
package import Topology
import TraceLog

/// How many services a machine can run, before any is started.
package struct ChainCapacity: Hashable, Sendable {
  /// Bytes that are free, or could be made so.
  package var memory: Int
  /// Segments of the trace log; none without one.
  package var segments: Int?

  /// What a process takes for itself at rest, by `scripts/resident`.
  private static let ofProcess = 8 << 20
  /// What a thread that has served takes: its stack's touched pages and what belongs to it.
  private static let ofThread = 64 << 10
  /// Kept back for load, instruments and everybody else.
  private static let reserve = 512 << 20
  /// Of the log: what a process holds ready, and what the supervisor, a load and instruments need.
  private static let readySegments = 2
  private static let otherSegments = 64

  package init(memory: Int, segments: Int?) {
    self.memory = memory
    self.segments = segments
  }

  /// That of this machine now, for a system of this description.
  package init(_ topology: Topology) {
    self.init(
      memory: Self.available ?? .max,
      segments: topology.traceLog.enabled ? Layout(sizeMiB: topology.traceLog.sizeMiB).segmentCount : nil)
  }

  /// `MemAvailable` of proc(5).
  private static var available: Int? {
    guard let text = try? AtomicFile.read("/proc/meminfo").map({ String(decoding: $0, as: UTF8.self) }) ?? "",
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") })
    else { return nil }
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }

  /// - Throws: `tooMany`, with how many there may be and what sets that limit.
  package func check(_ topology: Topology) throws(SupervisorError) {
    let services = topology.started
    let count = services.reduce(0) { $0 + $1.replicas }
    guard count > 0 else { return }
    let threads = services.reduce(0) { $0 + $1.threads * $1.replicas } / count
    let byMemory = max(0, memory - Self.reserve) / (Self.ofProcess + threads * Self.ofThread)
    if count > byMemory {
      let free = FigureText.bytes(memory)
      throw .tooMany(
        processes: count, most: byMemory, why: "\(free) of memory are free; give them fewer threads, or run fewer")
    }
    guard let segments else { return }
    let each = services.reduce(0) { $0 + ($1.loops + 1 + Self.readySegments) * $1.replicas } / count
    let byLog = max(0, segments - Self.otherSegments) / max(1, each)
    if count > byLog {
      throw .tooMany(
        processes: count, most: byLog,
        why: "the trace log has room for no more to write at the same time; raise trace_log.size_mib, or lower loops")
    }
  }
}
