import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import LoadGenerator
import Testing

@Suite struct LoadFailureTests {
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      (.closeWithoutAnswer, .connectionReset), (.closeHalfway, .connectionReset), (.resetHalfway, .connectionReset),
      (.garbage, .malformedAnswer), (.neverAnswer, .timeout),
    ] as [(TinyServer.Behaviour, LoadFailure)])
  func aFailureIsCountedUnderItsName(behaviour: TinyServer.Behaviour, failure: LoadFailure) async throws {
    try await TinyServer.with(behaviour) { server in
      // Short only where it is what is tested, so that a busy machine makes no other failure a timeout.
      let timeout = Duration.seconds(failure == .timeout ? 1 : 10)
      let result = try await run(plan(server, .open(rate: 100, spacing: .fixed), timeout: timeout))
      #expect(result.measured.byFailure == [failure: 40])
      #expect(result.measured.byStatus.isEmpty)
      #expect(result.latency.all.corrected?.count == 40)
      #expect(result.latency.successful.corrected == nil)
      #expect(result.rates.successful == 0)
      // Nothing is sent twice.
      #expect(server.counts.requests == 40)
      expectConservation(result.measured)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aTimeoutEndsTheRequestInTime() async throws {
    try await TinyServer.with(.neverAnswer) { server in
      let result = try await run(
        plan(server, .open(rate: 100, spacing: .fixed), timeout: .milliseconds(300)))
      let latency = try #require(result.latency.all.corrected)
      #expect(latency.min >= 299)
      #expect(latency.p50 < 3 * 300)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func anAnswerOfAnyStatusIsAnAnswer() async throws {
    try await TinyServer.with(.answer(status: 503)) { server in
      let result = try await run(plan(server, .open(rate: 100, spacing: .fixed)))
      #expect(result.measured.byStatus == [503: 40])
      #expect(result.measured.byFailure.isEmpty)
      #expect(result.connections <= 40)
      #expect(result.latency.successful.uncorrected == nil)
      #expect(result.latency.all.uncorrected?.count == 40)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aPortWhereNobodyListensRefuses() async throws {
    let unused = try UnusedPort()
    defer { unused.release() }
    func plan(_ arrival: LoadPlan.Arrival) -> LoadPlan {
      LoadPlan(to: Endpoint(port: unused.port), paths: ["/ping"], arrival: arrival, duration: .milliseconds(400))
    }
    let open = try await run(plan(.open(rate: 100, spacing: .fixed)))
    #expect(open.measured.byFailure == [.connectionRefused: 40])
    #expect(open.rateMissed == .requestsFailed)
    #expect(open.summary().contains("not reached requests failed: 40 of them got no answer\n"))
    expectConservation(open.measured)
    // A client of a closed loop pauses after a refusal instead of keeping a core busy.
    let closed = try await run(plan(.closed(clients: 2)))
    #expect(Set(closed.measured.byFailure.keys) == [.connectionRefused])
    #expect((2...82).contains(closed.measured.started))
    expectConservation(closed.measured)
  }

  @Test(.timeLimit(.minutes(1)))
  func aHostThatNobodyKnowsIsAnErrorBeforeTheRun() async throws {
    let plan = LoadPlan(
      to: Endpoint("no-such-host.invalid", port: 80), paths: ["/"], arrival: .closed(clients: 1), duration: .seconds(1))
    let error = await #expect(throws: LoadError.self) { try await run(plan) }
    guard case .cannotResolve(host: "no-such-host.invalid", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// In a process of its own, since the limit counts for a whole process.
  @Test(.timeLimit(.minutes(1)))
  func runningOutOfDescriptorsIsAnOutcomeAndNoCrash() async throws {
    await #expect(processExitsWith: .success) {
      try await TinyServer.with(.neverAnswer) { server in
        try leaveDescriptors(48)
        let plan = plan(server, .open(rate: 500, spacing: .fixed), timeout: .milliseconds(600))
        // The generator is told that there are plenty.
        let result = try await run(plan, descriptors: 1000)
        #expect(result.measured.byFailure[.noDescriptor, default: 0] > 100)
        #expect(result.measured.byFailure[.timeout, default: 0] > 5)
        expectConservation(result.measured)
        // Asked itself, it does not try.
        let careful = try await run(plan)
        #expect(careful.measured.notSent > 100)
        #expect(careful.measured.byFailure[.noDescriptor] == nil)
        expectConservation(careful.measured)
      }
    }
  }
}

/// A port that is taken, so that no other test gets it, but on which nobody listens.
private struct UnusedPort {
  let port: Int
  private let descriptor: Int32

  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    try #require(result == 0)
    self.descriptor = descriptor
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  func release() {
    close(descriptor)
  }
}

/// Lowers this process's limit so that it can open so many more: a limit is one of numbers, of which some are taken.
private func leaveDescriptors(_ count: Int) throws {
  let numbers = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { Int($0) }
  let taken = Set(numbers)
  var (limit, free) = (0, 0)
  while free < count {
    free += taken.contains(limit) ? 0 : 1
    limit += 1
  }
  var both = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
  let result = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &both)
  try #require(result == 0)
}
