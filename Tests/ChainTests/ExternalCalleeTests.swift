import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// A service with a `url` is not started, only called: whatever it does, who calls it ends as its policy says, its name
  /// stands wherever somebody waits for it, and it gets requests and nothing else.
  @Suite struct ExternalCalleeTests {
    private struct Case: Sendable {
      var what: String
      var reply: CannedCallee.Reply
      var policy: String
      var status: Int
      var says: String
      /// How many the callee gets for one request of a client.
      var requests: Int
    }

    private static let cases = [
      Case(what: "well", reply: .ok, policy: "clear", status: 200, says: "own", requests: 1),
      Case(
        what: "slow", reply: .late(.milliseconds(200), .ok), policy: "clear", status: 200, says: "own", requests: 1),
      Case(
        what: "too slow", reply: .never, policy: "timeout=100ms", status: 504, says: "bank did not answer in time",
        requests: 1),
      Case(
        what: "too slow, and asked again", reply: .never, policy: "timeout=100ms retries=2", status: 504,
        says: "bank did not answer in time", requests: 3),
      Case(
        what: "fails", reply: .answer(500, "no"), policy: "clear", status: 502, says: "bank answered 500", requests: 1),
      Case(
        what: "fails, and is asked again", reply: .answer(500, "no"), policy: "retries=2", status: 502,
        says: "bank answered 500", requests: 3),
      Case(
        what: "resets", reply: .reset, policy: "keep_alive=off", status: 502,
        says: "bank closed the connection before it had answered", requests: 1),
      Case(
        what: "resets, and is asked again", reply: .reset, policy: "keep_alive=off retries=2", status: 502,
        says: "bank closed the connection before it had answered", requests: 3),
      Case(
        what: "speaks no HTTP", reply: .raw("220 mail ready\r\n\r\n"), policy: "keep_alive=off", status: 502,
        says: "bank sent an answer that could not be read", requests: 1),
      Case(what: "well again", reply: .ok, policy: "clear", status: 200, says: "own", requests: 1),
    ]

    /// `own`, in front, which calls `bank`.
    private static func root(_ model: IOModel, bank port: Int) throws -> ChainlabRoot {
      try ChainlabRoot { topology in
        let (page, ports) = (topology.dashboard, FreePorts.take(2))
        var own = ServiceConfiguration.plain(4, stackKiB: 256, storeThreads: 1, queueLimit: 16)
        (own.name, own.port, own.controlPort, own.model) = ("own", ports[0], ports[1], model)
        own.routes = [ServiceRoute("GET /", [.call(service: 1, route: 0)])]
        var bank = ServiceConfiguration.standard
        (bank.name, bank.url) = ("bank", Endpoint("localhost", port: port))
        bank.routes = [ServiceRoute("POST /pay", [])]
        topology = Topology(services: [own, bank], entries: [Topology.Entry(service: 0)], dashboard: page)
        topology.traceLog.sizeMiB = 128
      }
    }

    @Test(.timeLimit(.minutes(3)), arguments: IOModel.allCases)
    func itIsCalledAndNothingElse(model: IOModel) async throws {
      let bank = try CannedCallee()
      let root = try Self.root(model, bank: bank.port)
      let up = try await root.run("up")
      #expect(up.exitCode == 0 && up.output.contains("bank is elsewhere, at http://localhost:\(bank.port): reachable"))
      try await expectOutcomes(bank, root)
      try await expectBreaker(bank, root)
      try await expectItsName(bank, root, model)
      try await expectNoOrders(bank, root, model)
      let targets = Set(bank.requests.map { "\($0.method) \($0.target)" })
      #expect(targets == ["POST /pay"])
      bank.shutDown()
      try await expectDead(bank, root)
      let log = LogAudit(try LogReader(path: try #require(try root.chain().run.logPath())).snapshot())
      #expect(log.isClean && log.lost.isNothing, "\(log.text)")
      #expect(try await root.run("down").exitCode == 0)
    }

    @Test(.timeLimit(.minutes(1))) func whatStartsGoesOnWhenNobodyAnswersThere() async throws {
      let port = FreePorts.take(1)[0]
      let root = try Self.root(.blocking, bank: port)
      let up = try await root.run("up")
      let expected = "bank is elsewhere, at http://localhost:\(port): not reachable (Connection refused)"
      #expect(up.exitCode == 0 && up.output.contains(expected), "\(up.output) \(up.notes)")
      #expect(root.get("/", of: "own")?.status == 502)
      #expect(try await root.run("down").exitCode == 0)
    }

    private func expectOutcomes(_ bank: CannedCallee, _ root: ChainlabRoot) async throws {
      for each in Self.cases {
        let words = each.policy.split(separator: " ").map(String.init)
        let policy = try await ChainlabProgram.run(["policy", "own", "bank"] + words + ["--root", root.path])
        #expect(policy.exitCode == 0, "\(each.what): \(policy.notes)")
        bank.reply(each.reply)
        bank.forget()
        let answer = try #require(root.get("/", of: "own"))
        #expect(answer.status == each.status && answer.text.contains(each.says), "\(each.what): \(answer.text)")
        #expect(bank.requests.count == each.requests, "\(each.what)")
        bank.release()
      }
    }

    private func expectBreaker(_ bank: CannedCallee, _ root: ChainlabRoot) async throws {
      let words = ["breaker=50%", "breaker_calls=2", "breaker_open=1h"]
      #expect(
        try await ChainlabProgram.run(["policy", "own", "bank"] + words + ["--root", root.path]).exitCode == 0)
      bank.reply(.answer(500, ""))
      bank.forget()
      let statuses = (0..<5).map { _ in root.get("/", of: "own")?.status }
      #expect(statuses == [502, 502, 503, 503, 503] && bank.requests.count == 2, "\(statuses)")
      #expect(try await root.run("policy", "own", "bank").output.contains("own → bank: breaker=50%"))
      #expect(try await root.run("status").output.contains("breaker open"))
      bank.reply(.ok)
      #expect(try await root.run("policy", "own", "bank", "clear").exitCode == 0)
      #expect(root.get("/", of: "own")?.status == 200)
    }

    /// Whoever waits for it says so, in every report.
    private func expectItsName(_ bank: CannedCallee, _ root: ChainlabRoot, _ model: IOModel) async throws {
      bank.reply(.never)
      async let load = root.run("load", "--closed", "3", "--duration", "1s")
      #expect(await eventually { bank.held == 3 })
      let dump = try await root.run("threads")
      #expect(dump.output.contains("calling bank") && dump.output.contains("└ at bank, which is not traced"))
      let json = try await root.run("threads", "--json").json(DumpJSON.self)
      let chains =
        try #require(json?.services.first).threads.map(\.chain) + (json?.services[0].requests ?? []).map(\.chain)
      #expect(chains.count { $0.last?.service == "bank" && $0.last?.state == "elsewhere" } == 3, "\(model): \(chains)")
      #expect(try await root.run("status").output.contains("bank is elsewhere"))
      bank.reply(.ok)
      bank.release()
      #expect(try await load.exitCode == 0)
      let cascade = try await root.run("cascade")
      #expect(cascade.exitCode == 0 && cascade.output.contains("bank"), "\(cascade.output)")
      #expect(root.page("/api/v1/state")?.text.contains(#""callee":"bank""#) == true)
    }

    /// It takes none, and who gives it one is told so.
    private func expectNoOrders(_ bank: CannedCallee, _ root: ChainlabRoot, _ model: IOModel) async throws {
      for words in [
        ["mode", "bank", "async"], ["fault", "bank", "latency=1s"], ["pool", "b*", "threads=2"],
        ["policy", "bank", "own", "clear"], ["admission", "bank", "leave=finish"], ["scale", "bank", "2"],
      ] {
        let refused = try await ChainlabProgram.run(words + ["--root", root.path])
        #expect(refused.exitCode == ExitCode.usage.rawValue && refused.output.isEmpty, "\(words)")
        #expect(
          refused.notes.contains("bank runs elsewhere, at http://localhost:\(bank.port): it is only called"),
          "\(words): \(refused.notes)")
      }
      #expect(try await root.run("mode", "all", model.rawValue).output == "own: \(model.rawValue)\n")
    }

    private func expectDead(_ bank: CannedCallee, _ root: ChainlabRoot) async throws {
      let answer = try #require(root.get("/", of: "own"))
      #expect(answer.status == 502 && answer.text.contains("bank refused the connection: is it running?"))
      let status = try await root.run("status")
      #expect(
        status.exitCode == 0
          && status.output.contains("bank is elsewhere, at http://localhost:\(bank.port): not reachable ("))
      #expect(root.get("/ping", of: "own")?.status == 200)
    }
  }
}
