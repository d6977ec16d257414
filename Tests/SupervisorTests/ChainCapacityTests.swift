import ChainTestSupport
import Supervisor
import Testing
import Topology

/// More services than a machine can run are refused before any is started, with how many it can.
@Suite struct ChainCapacityTests {
  private static func system(_ count: Int, threads: Int = 4, url: Bool = false) throws -> Topology {
    let services = (0..<count).map { number in
      let place = url && number > 0 ? "url: \"http://127.0.0.1:\(number)\", " : ""
      return "  s\(number): {\(place)threads: \(threads), routes: {GET /: []}}\n"
    }
    return try Topology.parse("services:\n\(services.joined())entries: {s0/GET /: 1}\n", file: "f")
  }

  private func refusal(_ capacity: ChainCapacity, _ topology: Topology) -> String? {
    do throws(SupervisorError) {
      try capacity.check(topology)
      return nil
    } catch {
      return error.description
    }
  }

  /// 1 GiB is left of 1.5 GiB, and a service takes 8 MiB and 256 KiB for its threads.
  @Test func whatDoesNotFitIntoMemoryIsRefused() throws {
    let capacity = ChainCapacity(memory: 1536 << 20, segments: nil)
    #expect(refusal(capacity, try Self.system(124)) == nil)
    #expect(
      refusal(capacity, try Self.system(500))
        == "500 services cannot run here, at most 124 can: 1.5 GiB of memory are free; "
        + "give them fewer threads, or run fewer; nothing was started")
    #expect(refusal(capacity, try Self.system(124, threads: 400)) != nil)
  }

  /// Of a log, a service takes a segment for each event loop, for its control port, and two that it holds ready.
  @Test func whatDoesNotFitIntoTheLogIsRefused() throws {
    let capacity = ChainCapacity(memory: .max, segments: 64 + 60 * 5)
    #expect(refusal(capacity, try Self.system(60)) == nil)
    let found = try #require(refusal(capacity, try Self.system(500)))
    #expect(found.hasPrefix("500 services cannot run here, at most 60 can: the trace log"), "\(found)")
    #expect(found.hasSuffix("raise trace_log.size_mib, or lower loops; nothing was started"), "\(found)")
  }

  /// What is only called takes nothing.
  @Test func servicesElsewhereAreNotCounted() throws {
    let capacity = ChainCapacity(memory: 600 << 20, segments: 64 + 5)
    #expect(refusal(capacity, try Self.system(500, url: true)) == nil)
    #expect(refusal(capacity, try Self.system(500)) != nil)
  }
}
