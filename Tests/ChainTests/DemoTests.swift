import ChainTestSupport
import Testing

extension ChainTests {
  /// The demo as a newcomer sees it.
  @Suite struct DemoTests {
    /// A line such as `… threads blocked: gateway 4/4, user-service 3/4`: one may be on its way to its next request.
    private static func full(_ line: Substring) -> [Bool] {
      line.split(separator: "blocked: ").last.map(String.init)?.split(separator: ", ").map { part in
        let numbers = part.split(separator: " ").last?.split(separator: "/") ?? []
        guard numbers.count == 2, let blocked = Int(numbers[0]), let all = Int(numbers[1]) else { return false }
        return blocked >= all - 1
      } ?? []
    }

    /// `payment status 8 a second; …`
    private static func rate(_ line: Substring) -> Double {
      line.split(separator: " ").dropFirst(2).first.flatMap { Double($0) } ?? 0
    }

    @Test(.timeLimit(.minutes(3))) func theCalmActIsCalmAndTheBrokenOneIsFull() async throws {
      try await withChain { chain in
        let outcome = try await ChainlabProgram.run(["demo", "--act", "4s", "--root", chain.root])
        #expect(outcome.exitCode == 0, "\(outcome.notes)")
        let acts = outcome.output.split(separator: "\n").filter { $0.contains("threads blocked: ") }
        try #require(acts.count == 3, "\(outcome.output)")
        let said = outcome.output
        // On a machine too slow for 8 requests a second no act is calm, and then the demo says so.
        guard Self.rate(acts[0]) > 7 else {
          let isFull = Self.full(acts[0]).contains(true)
          #expect(said.contains(isFull ? "was full already" : "every pool had idle threads"), "\(said)")
          return
        }
        #expect(Self.full(acts[0]) == [false, false, false, false], "\(acts[0])")
        #expect(Self.full(acts[1]) == [true, true, true, true], "\(acts[1])")
        #expect(said.contains("With a fast bank every pool had idle threads"), "\(said)")
        #expect(said.contains("all 4 threads of the gateway were busy"), "\(said)")
        // The same log tells one of the broken acts, and not the calm one: the heavier. With equal pools, only the gateway
        // queues in the second act, and only user-service in the third.
        let cascade = try await ChainlabProgram.run(["cascade", "--root", chain.root])
        let changes = ["payment-service: fault latency=1s.", "gateway: IO model nonblocking-async."]
        #expect(changes.contains { cascade.output.contains("after \($0)") }, "\(cascade.output)")
      }
    }
  }
}
