import Glibc
package import Supervisor
package import Topology

/// A folder with `services.yaml` and `runs/`, and the executables that belong to this program.
package struct LabFolder: Sendable {
  package let folder: String

  package init(_ folder: String) { self.folder = folder }

  /// The folder of this program, which is that of the services.
  package static var binaries: String {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  }

  package func launcher() throws -> ChainLauncher { try ChainLauncher(root: folder, binaries: Self.binaries) }

  /// The chain that runs now.
  /// - Throws: `LabError.notRunning` when there is none.
  package func chain() throws -> ChainLauncher.Chain {
    guard let chain = try launcher().chain() else { throw LabError.notRunning }
    return chain
  }

  /// The system that runs; what `up` would start if none does.
  package func topology() throws -> Topology {
    if let run = (try? launcher().chain())?.run { return try run.topology() }
    return try Topology.load(path: "\(folder)/services.yaml")
  }
}
