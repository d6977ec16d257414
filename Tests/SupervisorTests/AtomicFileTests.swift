import FoundationEssentials
import Glibc
import Supervisor
import Testing

@Suite struct AtomicFileTests {
  @Test func aFileIsReplacedWhole() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    #expect(try AtomicFile.read(path) == nil)
    try AtomicFile.write(Array("first and longer".utf8), to: path)
    try AtomicFile.write(Array("second".utf8), to: path)
    #expect(text(of: path) == "second")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }

  @Test func readersNeverSeeAPart() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    let sizes = [10, 1_000_000]
    try AtomicFile.write([UInt8](repeating: 1, count: sizes[0]), to: path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 0..<50 { try AtomicFile.write([UInt8](repeating: 1, count: sizes[round % 2]), to: path) }
      }
      group.addTask {
        for _ in 0..<200 {
          let count = try AtomicFile.read(path)?.count ?? -1
          #expect(sizes.contains(count))
        }
      }
      try await group.waitForAll()
    }
  }

  @Test func aLinkIsReplaced() throws {
    let folder = try TemporaryFolder()
    let link = "\(folder.path)/current"
    try AtomicFile.link(link, to: "one")
    try AtomicFile.link(link, to: "two")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "two")
  }

  @Test func aMissingFolderIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/nowhere/file"
    #expect(
      throws: SupervisorError.file(path: path, doing: "write", reason: String(cString: strerror(ENOENT)))
    ) { try AtomicFile.write([1], to: path) }
  }
}
