import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Testing

/// The file that says who may give orders to a host.
@Suite struct AgentTokenTests {
  private func folder() throws -> String { try Folder.scratch("token-test") }

  @Test func aNewTokenIsReadByItsOwnerAlone() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let paths = ["\(folder)/a", "\(folder)/b"]
    umask(0)
    defer { umask(0o022) }
    for path in paths { try AgentToken.make(at: path) }
    for path in paths {
      var status = stat()
      #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
    let fields = try paths.map { try AgentToken(path: $0).field }
    #expect(fields[0] != fields[1])
    #expect(fields.allSatisfy { $0.wholeMatch(of: /Authorization: Bearer [0-9a-f]{64}/) != nil })
  }

  @Test func aTokenIsNeverWrittenOverAnotherFile() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try AgentToken.make(at: "\(folder)/token")
    let before = try AgentToken(path: "\(folder)/token").field
    #expect(throws: AgentError.self) { try AgentToken.make(at: "\(folder)/token") }
    #expect(try AgentToken(path: "\(folder)/token").field == before)
  }

  @Test func aFileThatOthersCanReadIsRefusedWithWhatToDo() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = "\(folder)/token"
    try AgentToken.make(at: path)
    for mode: mode_t in [0o640, 0o604, 0o660, 0o644] {
      chmod(path, mode)
      let error = #expect(throws: AgentError.self) { try AgentToken(path: path) }
      #expect(error?.description.contains("chmod 600") == true)
      #expect(error?.exitCode == .storage)
    }
  }

  @Test(arguments: ["", "secret", String(repeating: "g", count: 64), String(repeating: "a", count: 63)])
  func aFileWithSomethingElseIsRefused(text: String) throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(FileManager.default.createFile(atPath: "\(folder)/token", contents: Data(text.utf8)))
    chmod("\(folder)/token", 0o600)
    let error = #expect(throws: AgentError.self) { try AgentToken(path: "\(folder)/token") }
    #expect(error?.description.contains("agent token FILE") == true)
    #expect(error.map { !$0.description.contains("secret") } == true, "what is in the file is not shown")
  }

  @Test func aMissingFileAndALinkAreRefused() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: AgentError.self) { try AgentToken(path: "\(folder)/none") }
    try AgentToken.make(at: "\(folder)/token")
    #expect(symlink("\(folder)/token", "\(folder)/link") == 0)
    #expect(throws: AgentError.self) { try AgentToken(path: "\(folder)/link") }
  }
}
