import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

/// The real executables on real ports, one chain at a time.
@Suite(.serialized) enum ChainTests {
  /// Starts a chain, hands it out, and stops it. Its log must hold to its invariants, alive and saved, and nothing may be
  /// left of it afterwards.
  static func withChain(
    _ change: (inout Topology) -> Void = { _ in }, _ body: (LiveChain) async throws -> Void
  ) async throws {
    let chain = try LiveChain(change)
    defer { chain.stop() }
    let live = try chain.logPath()
    let processes = try chain.processes()
    #expect(processes.count == 1 + chain.topology.services.reduce(0) { $0 + $1.replicas })
    #expect(live.hasPrefix("/dev/shm/"))
    try await body(chain)
    try expectSoundLog(chain)
    let last = try chain.processes()
    #expect(try chain.launcher.down() != .notRunning)
    expectNothingLeft(of: chain, processes: processes + last, log: live)
    try expectSoundLog(chain)
  }

  /// The log of the chain holds to its invariants, is complete, and is about something.
  static func expectSoundLog(_ chain: LiveChain) throws {
    let audit = LogAudit(try chain.snapshot())
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.checked.requests > 0)
    #expect(audit.lost.overwritten + audit.lost.dropped + audit.lost.damaged + audit.lost.strings == 0, "\(audit.text)")
  }

  /// No process, no port, no file in shared memory.
  static func expectNothingLeft(of chain: LiveChain, processes: [ProcessIdentity], log: String) {
    #expect(!processes.contains { $0.isAlive })
    let folder = String(log.prefix(upTo: log.lastIndex(of: "/") ?? log.endIndex))
    for path in [log, folder] { #expect(access(path, F_OK) != 0, "\(path) is still there") }
    for service in chain.topology.services {
      #expect(PortCheck.isFree(Endpoint(port: service.port)))
      #expect(PortCheck.isFree(Endpoint(port: service.controlPort)))
    }
  }
}
