import Glibc
import Supervisor
import Testing

@Suite struct SparseCopyTests {
  @Test func onlyDataIsCopied() throws {
    let folder = try TemporaryFolder()
    let source = "\(folder.path)/source"
    let target = "\(folder.path)/target"
    let size = 64 << 20
    try Self.make(source, size: size, data: [0: "head", 20 << 20: "middle", size - 4: "tail"])
    try Self.copy(source, to: target)
    let copy = try Self.status(target)
    #expect(Int(copy.st_size) == size)
    #expect(Int(copy.st_blocks) * 512 < 1 << 20)
    #expect(try Self.read(target, at: 0, count: 4) == "head")
    #expect(try Self.read(target, at: 20 << 20, count: 6) == "middle")
    #expect(try Self.read(target, at: size - 4, count: 4) == "tail")
    #expect(try Self.read(target, at: 40 << 20, count: 2) == "\0\0")
  }

  @Test func zerosBecomeAHole() throws {
    let folder = try TemporaryFolder()
    let source = "\(folder.path)/source"
    let target = "\(folder.path)/target"
    try Self.make(source, size: 8 << 20, data: [0: String(repeating: "\0", count: 8 << 20), 5 << 20: "data"])
    try Self.copy(source, to: target)
    #expect(Int(try Self.status(source).st_blocks) * 512 >= 8 << 20)
    #expect(Int(try Self.status(target).st_blocks) * 512 < 1 << 20)
    #expect(try Self.read(target, at: (5 << 20) - 1, count: 6) == "\0data\0")
  }

  @Test(arguments: [0, 1, 100_000]) func aFileOfOnlyAHoleKeepsItsSize(size: Int) throws {
    let folder = try TemporaryFolder()
    try Self.make("\(folder.path)/source", size: size, data: [:])
    try Self.copy("\(folder.path)/source", to: "\(folder.path)/target")
    #expect(Int(try Self.status("\(folder.path)/target").st_size) == size)
  }

  @Test func aFullDiskLeavesTheSourceAndNoPart() async throws {
    let folder = try TemporaryFolder()
    let source = "\(folder.path)/source"
    try Self.make(source, size: 4 << 20, data: [0: String(repeating: "x", count: 1 << 20)])
    // A limit on file sizes is as good as a full disk, but it holds for a whole process.
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      signal(SIGXFSZ, SIG_IGN)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      #expect {
        try Self.copy("\(folder)/source", to: "\(folder)/target")
      } throws: { error in
        guard case .file("\(folder)/target", "write", _)? = error as? SupervisorError else { return false }
        return true
      }
    }
    #expect(try Folder.names(in: folder.path) == ["source"])
  }

  // MARK: Files with holes

  private static func copy(_ source: String, to target: String) throws {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw TestSetupError("cannot open \(source)") }
    defer { close(input) }
    try SparseCopy.copy(source, input, to: target)
  }

  private static func make(_ path: String, size: Int, data: [Int: String]) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0, ftruncate(descriptor, size) == 0 else { throw TestSetupError("cannot make \(path)") }
    defer { close(descriptor) }
    for (offset, text) in data.sorted(by: { $0.key < $1.key })
    where pwrite(descriptor, text, text.utf8.count, offset) != text.utf8.count {
      throw TestSetupError("cannot write \(path)")
    }
  }

  private static func read(_ path: String, at offset: Int, count: Int) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 1, count: count)
    guard pread(descriptor, &bytes, count, offset) == count else { throw TestSetupError("cannot read \(path)") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func status(_ path: String) throws -> stat {
    var information = stat()
    guard stat(path, &information) == 0 else { throw TestSetupError("cannot look at \(path)") }
    return information
  }
}
