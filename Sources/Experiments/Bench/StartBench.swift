import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Topology

/// `make up` where everything is built: to the first answer.
struct StartBench: Bench {
  static let name = "start"
  static let says = "make up on a built tree, until the chain serves"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    guard let make = Tool.find("make"), access("\(bench.root)/Makefile", R_OK) == 0 else {
      return [
        BenchFigure(
          Self.name, "make up on a built tree", missing: "found no make, or no Makefile in \(bench.root)", .atMost(1))
      ]
    }
    let scratch = try Folder.scratch("bench-start")
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let topology = OwnChain.topology()
    try AtomicFile.write(Array(topology.yaml().utf8), to: "\(scratch)/services.yaml")
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = scratch
    // Of a make that has started this program.
    for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL"] { environment[name] = nil }
    var times: [Double] = []
    for _ in 0..<7 where !Interruption.hasCome {
      let start = Monotonic.now()
      let child = try Command(
        executable: make, arguments: ["-C", bench.root, "up"], environment: environment, output: "\(scratch)/up.log"
      ).spawn()
      guard await child.exitCode() == 0 else {
        return [
          BenchFigure(
            Self.name, "make up on a built tree", missing: RunFolder.lastLine(of: "\(scratch)/up.log"), .atMost(1))
        ]
      }
      times.append(Double(Monotonic.now() &- start) / 1e9)
      _ = try ChainLauncher(root: scratch, binaries: LabFolder.binaries).down()
    }
    // The first may have had something to build.
    return [
      BenchFigure(
        Self.name, "make up on a built tree", PairedSample(values: Array(times.dropFirst())), "s", .atMost(1))
    ]
  }
}
