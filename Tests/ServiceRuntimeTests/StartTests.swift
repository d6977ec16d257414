import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// A service that cannot start says why, in one line, and ends with the exit code that is documented for it.
  @Suite struct StartTests {
    /// The one line that must contain all the words.
    private func expectOneLine(_ folder: LoneServiceFolder, _ words: String...) {
      let lines = folder.output.split(separator: "\n")
      #expect(lines.count == 1, "\(folder.output)")
      for word in words { #expect(folder.output.contains(word), "\(folder.output)") }
    }

    private func folder(
      _ topology: Topology = LoneService.topology(.paymentService), withLog: Bool = true
    ) throws -> LoneServiceFolder {
      let folder = try LoneServiceFolder()
      try folder.write(topology.yaml())
      if withLog { try LogWriter.create(path: folder.logPath, sizeMiB: 16, runID: "test") }
      return folder
    }

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func aPortInUse(isControlPort: Bool) async throws {
      let owner = try CannedCallee()
      defer { owner.shutDown() }
      let topology = LoneService.topology(.paymentService) {
        if isControlPort { $0.controlPort = owner.port } else { $0.port = owner.port }
      }
      let folder = try folder(topology)
      #expect(try folder.runInVain(.paymentService) == .exited(69))
      expectOneLine(folder, "\(owner.port)", "in use")
    }

    @Test(.timeLimit(.minutes(1)))
    func aDataFolderThatCannotBe() async throws {
      let folder = try folder()
      // Root may write anywhere, but nobody can make a folder below a file.
      var arguments = folder.arguments(of: .paymentService)
      arguments[5] = "\(folder.configPath)/data"
      #expect(try folder.runInVain(.paymentService, arguments) == .exited(74))
      expectOneLine(folder, "\(folder.configPath)/data")
    }

    @Test(.timeLimit(.minutes(1)))
    func aDatabaseThatIsNone() async throws {
      let folder = try folder()
      try FileManager.default.createDirectory(
        atPath: "\(folder.dataPath)/ledger.csv", withIntermediateDirectories: true)
      #expect(try folder.runInVain(.paymentService) == .exited(74))
      expectOneLine(folder, "ledger.csv")
    }

    @Test(.timeLimit(.minutes(1)))
    func aWrongValueInTheConfiguration() async throws {
      let folder = try folder()
      let lines = LoneService.topology(.paymentService).yaml().split(separator: "\n").map(String.init)
      let line = try #require(lines.firstIndex { $0.contains("threads: 4") })
      let changed = lines.enumerated().map { $0.offset == line ? "    threads: many" : $0.element }
      try folder.write(changed.joined(separator: "\n") + "\n")
      #expect(try folder.runInVain(.paymentService) == .exited(78))
      expectOneLine(folder, "services.yaml:\(line + 1):14", "threads", "many")
    }

    @Test(.timeLimit(.minutes(1)))
    func aCallThatIsNotDescribed() async throws {
      let folder = try folder(LoneService.topology(.userService) { $0.routes[1].steps.removeLast() })
      #expect(try folder.runInVain(.userService) == .exited(78))
      expectOneLine(
        folder, "services.yaml", "GET /users/{username}/payment-status", "calls order-service, and its steps do not")
    }

    @Test(.timeLimit(.minutes(1)))
    func otherRoutesThanTheCodeServes() async throws {
      let folder = try folder(LoneService.topology(.paymentService) { $0.routes[0].name = "GET /bills" })
      #expect(try folder.runInVain(.paymentService) == .exited(78))
      expectOneLine(
        folder, "services.yaml", "services.payment-service.routes", "GET /payments is served and not described",
        "GET /bills is described and not served")
    }

    @Test(.timeLimit(.minutes(1)))
    func aServiceThatIsNotDescribed() async throws {
      let folder = try folder()
      #expect(try folder.runInVain("stock", program: ServiceConfiguration.played) == .exited(78))
      expectOneLine(folder, "services.yaml", "found no service stock", "gateway, user-service")
    }

    @Test(.timeLimit(.minutes(1)))
    func aLogThatIsNone() async throws {
      let folder = try folder(withLog: false)
      #expect(try folder.runInVain(.paymentService) == .exited(69))
      expectOneLine(folder, folder.logPath)

      let other = try self.folder(withLog: false)
      try Data(repeating: 65, count: 10_000).write(to: URL(filePath: other.logPath))
      #expect(try other.runInVain(.paymentService) == .exited(69))
      expectOneLine(other, other.logPath, "not a chainlab trace log")
    }

    @Test(.timeLimit(.minutes(1)), arguments: [[], ["--config"], ["--nonsense", "x"]])
    func argumentsThatAreWrong(arguments: [String]) async throws {
      let folder = try folder()
      #expect(try folder.runInVain(.paymentService, arguments) == .exited(64))
      expectOneLine(folder, "--config", "--data")
    }
  }
}
