import ChainModel
import FoundationEssentials
import Glibc
import ServiceRuntime
import Testing

@Suite struct AppendFileTests {
  /// A limit on file sizes is as good as a full disk, but it holds for a whole process.
  @Test func theLineAfterOneThatAFullDiskCutOffStandsAlone() async throws {
    await #expect(processExitsWith: .success) {
      let path = FileManager.default.temporaryDirectory.appending(path: "chainlab-append-\(UUID().uuidString)").path
      defer { unlink(path) }
      signal(SIGXFSZ, SIG_IGN)
      let file = try AppendFile(path: path)
      try file.append(String(repeating: "a", count: 30))
      var limit = rlimit()
      let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      #expect(getrlimit(resource, &limit) == 0)
      let before = limit.rlim_cur
      limit.rlim_cur = 40
      #expect(setrlimit(resource, &limit) == 0)
      for _ in 0..<3 { #expect(throws: CallError.self) { try file.append(String(repeating: "b", count: 30)) } }
      limit.rlim_cur = before
      #expect(setrlimit(resource, &limit) == 0)
      try file.append("c")
      try file.append("d")
      let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
      #expect(lines == [String(repeating: "a", count: 30), String(repeating: "b", count: 9), "c", "d"])
    }
  }
}
