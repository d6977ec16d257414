import FoundationEssentials
import Glibc
import Supervisor
import Testing

/// What is written over, and what is not.
@Suite struct DeploymentFilesTests {
  let folder: TemporaryFolder
  private let files: DeploymentFiles

  init() throws {
    folder = try TemporaryFolder()
    files = ComposeFile(try Sample.deployment(Sample.shop), name: "c.yaml").files
  }

  private var token: String { text(of: "\(folder.path)/c.token.env") }

  private func mode(_ name: String) -> mode_t {
    var status = stat()
    return stat("\(folder.path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
  }

  private func names() throws -> Set<String> { Set(try Folder.names(in: folder.path)) }

  /// Whatever the umask: the token is read by its owner alone, and the description by a container's user.
  @Test(arguments: [mode_t(0), 0o077]) func theTokenIsItsOwnersAloneAndTheRestIsRead(mask: mode_t) throws {
    let before = umask(mask)
    defer { umask(before) }
    #expect(try files.write(in: folder.path))
    #expect(try names() == ["c.yaml", "c.services.yaml", "c.token.env"])
    #expect(mode("c.token.env") == 0o600 && mode("c.yaml") == 0o644 && mode("c.services.yaml") == 0o644)
    #expect(token.wholeMatch(of: /CHAINLAB_TOKEN=[0-9a-f]{64}\n/) != nil)
    #expect(!files.files.contains { $0.text.contains(token.dropFirst(15).dropLast()) })
  }

  @Test func aTokenThatIsThereStaysAndTheRestIsWrittenAnew() throws {
    #expect(try files.write(in: folder.path))
    let first = token
    let other = ComposeFile(try Sample.deployment(Sample.placed), name: "c.yaml").files
    #expect(try !other.write(in: folder.path))
    #expect(token == first && !first.isEmpty)
    #expect(text(of: "\(folder.path)/c.yaml") == other.text("c.yaml"))
  }

  @Test func aFileOfSomebodyElseIsNotWrittenOverAndNothingElseIsWritten() throws {
    for name in ["c.yaml", "c.services.yaml"] {
      _ = try folder.write("services: {mine: {}}\n", to: name)
      let error = #expect(throws: DeploymentError.self) { try files.write(in: folder.path) }
      #expect(error == .foreign(path: "\(folder.path)/\(name)", mark: DeploymentFiles.mark))
      #expect(error?.exitCode == .refused)
      #expect(try names() == [name])
      #expect(text(of: "\(folder.path)/\(name)") == "services: {mine: {}}\n")
      unlink("\(folder.path)/\(name)")
    }
  }

  @Test func aTokenThatOthersReadOrThatIsNoneIsRefusedWithWhatToDo() throws {
    #expect(try files.write(in: folder.path))
    let path = "\(folder.path)/c.token.env"
    chmod(path, 0o640)
    let wide = #expect(throws: AgentError.self) { try files.write(in: folder.path) }
    #expect(wide?.description.contains("chmod 600 \(path)") == true && wide?.exitCode == .storage)
    chmod(path, 0o600)
    for text in ["", "CHAINLAB_TOKEN=", "SECRET=\(String(repeating: "a", count: 64))\n", "\(token)X=1\n"] {
      _ = try folder.write(text, to: "c.token.env")
      chmod(path, 0o600)
      let error = #expect(throws: AgentError.self) { try files.write(in: folder.path) }
      #expect(error?.description.contains("move the file away") == true, "\(text)")
      #expect(error?.description.contains("aaaa") == false, "what is in the file is not shown")
    }
  }

  @Test func aFolderThatIsMissingIsMade() throws {
    #expect(try files.write(in: "\(folder.path)/new"))
    #expect(text(of: "\(folder.path)/new/c.yaml") == files.text("c.yaml"))
    #expect(throws: (any Error).self) { try files.write(in: "\(folder.path)/no/new") }
  }
}
