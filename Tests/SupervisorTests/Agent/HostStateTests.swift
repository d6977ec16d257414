import ChainModel
import FoundationEssentials
import Supervisor
import Testing
import Topology

/// A run over several hosts is ready when all of them are.
@Suite struct HostStateTests {
  private func hear(_ host: String, of run: RunFolder, id: String? = nil, phase: String) throws {
    try FileManager.default.createDirectory(atPath: "\(run.path)/hosts", withIntermediateDirectories: true)
    let text = """
      {"status": {"version": "1", "run": {"run_id": "\(id ?? run.id)", "phase": "\(phase)", "services": []},
        "is_busy": false, "refused_tokens": 0, "monotonic_ns": 0, "wall_ns": 0},
       "mirror": {"agent": "\(host):7070", "records": 0, "received_bytes": 0, "is_over": false}}
      """
    try text.write(toFile: "\(run.path)/hosts/\(host).json", atomically: true, encoding: .utf8)
    #expect(run.state(of: host)?.status?.run?.phase.rawValue == phase, "the sample is read")
  }

  /// Before, `status` showed an empty table and success as long as no host had been heard of.
  @Test func aHostThatWasNotHeardOfIsNotReady() throws {
    let folder = try TemporaryFolder()
    let hosts = ["blue", "green"].map { RunHost(name: $0, agent: Endpoint($0, port: 7070), tokenFile: nil) }
    let run = try RunStore(root: folder.path).create(
      topology: .standard, hosts: hosts, configuration: [], executables: [:], versions: [:])
    #expect(run.unreadyHost() == "blue")
    try hear("blue", of: run, phase: "ready")
    #expect(run.unreadyHost() == "green")
    try hear("green", of: run, phase: "starting")
    #expect(run.unreadyHost() == "green")
    try hear("green", of: run, id: "2026-11-29T20-15-00-00aa", phase: "ready")
    #expect(run.unreadyHost() == "green", "of an earlier run")
    try hear("green", of: run, phase: "ready")
    #expect(run.unreadyHost() == nil)
  }

  @Test func aRunOfThisHostAloneWaitsForNoOther() throws {
    let folder = try TemporaryFolder()
    #expect(try TestChain(in: folder).makeRun().unreadyHost() == nil)
  }
}
