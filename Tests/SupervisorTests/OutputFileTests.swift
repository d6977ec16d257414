import FoundationEssentials
import Glibc
import Supervisor
import Testing

/// `-o`: what stands in the place of the file stays what it is.
@Suite struct OutputFileTests {
  let folder: TemporaryFolder
  private var path: String { "\(folder.path)/out" }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func write(_ text: String, to path: String) throws {
    try OutputFile.write(Array(text.utf8), to: path)
  }

  private func status(_ path: String) -> stat {
    var status = stat()
    lstat(path, &status)
    return status
  }

  private func names() throws -> Set<String> { Set(try Folder.names(in: folder.path)) }

  @Test func aFileIsMadeOrReplacedWholeAndKeepsItsMode() throws {
    try write("first and longer", to: path)
    chmod(path, 0o640)
    try write("second", to: path)
    #expect(text(of: path) == "second" && status(path).st_mode == S_IFREG | 0o640)
    #expect(try names() == ["out"])
  }

  @Test func whatFailsLeavesTheOldFile() throws {
    try write("old", to: path)
    #expect(throws: TestSetupError.self) {
      let file = try OutputFile(path)
      try file.write(Array("half".utf8)[...])
      throw TestSetupError("interrupted")
    }
    #expect(throws: TestSetupError.self) { try OutputFile.place(path) { _ in throw TestSetupError("interrupted") } }
    #expect(text(of: path) == "old")
    #expect(try names() == ["out"])
  }

  @Test(.timeLimit(.minutes(1))) func aFIFOIsWrittenAndStays() throws {
    #expect(mkfifo(path, 0o600) == 0)
    for isPlaced in [false, true] {
      // Open for reading, so that nobody waits.
      let reader = open(path, O_RDONLY | O_NONBLOCK)
      defer { close(reader) }
      if isPlaced {
        try OutputFile.place(path) { try AtomicFile.write(Array("text".utf8), to: $0) }
      } else {
        try write("text", to: path)
      }
      var bytes = [UInt8](repeating: 0, count: 16)
      let count = read(reader, &bytes, bytes.count)
      #expect(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self) == "text")
    }
    #expect(status(path).st_mode & S_IFMT == S_IFIFO)
    #expect(try names() == ["out"])
  }

  /// Before 13: `export -o /dev/zero`, by root, made a text file of it. This one is a twin of /dev/null.
  @Test(.enabled(if: geteuid() == 0, "only root can make a device")) func aDeviceIsWrittenAndStays() throws {
    guard mknod(path, S_IFCHR | 0o666, 1 << 8 | 3) == 0 else { throw TestSetupError("mknod is not possible here") }
    try write("text", to: path)
    try OutputFile.place(path) { try AtomicFile.write(Array("text".utf8), to: $0) }
    #expect(status(path).st_mode & S_IFMT == S_IFCHR && status(path).st_rdev == 1 << 8 | 3)
  }

  @Test func aLinkIsFollowedAndStays() throws {
    mkdir("\(folder.path)/elsewhere", 0o755)
    let target = "\(folder.path)/elsewhere/target"
    #expect(symlink("elsewhere/target", path) == 0)
    // First it leads to nothing.
    for text in ["first", "second"] {
      try write(text, to: path)
      #expect(status(path).st_mode & S_IFMT == S_IFLNK && status(target).st_mode & S_IFMT == S_IFREG)
      #expect(SupervisorTests.text(of: target) == text)
    }
    try OutputFile.place(path) { try AtomicFile.write(Array("third".utf8), to: $0) }
    #expect(text(of: target) == "third" && status(path).st_mode & S_IFMT == S_IFLNK)
    #expect(try Folder.names(in: "\(folder.path)/elsewhere") == ["target"])
  }

  @Test func aFileWithASecondNameKeepsIt() throws {
    try write("first and longer", to: path)
    #expect(link(path, "\(folder.path)/other") == 0)
    try write("second", to: path)
    #expect(text(of: "\(folder.path)/other") == "second")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can be several users")) func aFileOfAnotherUserStaysTheirs() throws {
    try write("first", to: path)
    chown(path, 65_534, 65_534)
    try write("second", to: path)
    #expect(text(of: path) == "second" && status(path).st_uid == 65_534)
  }

  @Test func aFolderIsRefused() throws {
    mkdir(path, 0o755)
    #expect(throws: SupervisorError.file(path: path, doing: "write", reason: "Is a directory")) {
      try write("text", to: path)
    }
    #expect(throws: SupervisorError.file(path: "\(path)/no/file", doing: "write", reason: "No such file or directory"))
    {
      try write("text", to: "\(path)/no/file")
    }
  }

  @Test func standardOutputIsKnownByItsNames() {
    #expect(OutputFile.isStandard("-"))
    #expect(OutputFile.isStandard("/proc/self/fd/1"))
    #expect(!OutputFile.isStandard("\(folder.path)/none"))
  }
}
