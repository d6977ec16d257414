import ChainModel
import Testing

/// What is written into logs, sent over the wire or typed by people must not change by accident.
@Suite struct NounsTests {
  @Test func aModelHasOneNameAndOneNumber() {
    #expect(IOModel.allCases.map(\.rawValue) == ["blocking", "async", "nonblocking", "nonblocking-async"])
    #expect(IOModel.allCases.map(\.code) == [0, 1, 2, 3])
    for model in IOModel.allCases { #expect(IOModel(code: model.code) == model) }
    #expect(IOModel(code: 4) == nil && IOModel(code: 255) == nil)
  }

  @Test func causesOutcomesAndRolesHaveStableNumbersAndNames() {
    #expect(WaitCause.allCases.map(\.rawValue) == Array(1...10))
    #expect(
      WaitCause.allCases.map(\.name) == [
        "call", "connect", "conn_pool", "queue", "db", "file", "lock", "sleep", "other", "join",
      ])
    #expect(WaitOutcome.allCases.map(\.rawValue) == [0, 1, 2, 3])
    #expect(ThreadRole.allCases.map(\.rawValue) == Array(1...6))
    #expect(ThreadRole.allCases.map(\.name) == ["worker", "loop", "hired", "store", "control", "other"])
  }

  @Test func aServicesThreadNamesFitIntoFifteenBytes() {
    let names: [ServiceName] = [
      "gateway", "user-service", "a", "-service", "recommendation-engine", "größenänderungsdienst", "a-b-c-d-e-f-g",
      "店舗サービス", "service-1", "service-40", "service-4000", "12345678-9", "店舗サービス-12",
    ]
    for service in names {
      #expect(!service.shortName.isEmpty && "\(ReplicaName(service, 8).shortName)-w4096".utf8.count <= 15)
    }
    #expect(names.prefix(2).map(\.shortName) == ["gateway", "user"])
    #expect(ServiceName("recommendation-engine").shortName == "recommen")
    #expect((9...11).map { ServiceName("service-\($0)").shortName } == ["servic-9", "servi-10", "servi-11"])
  }

  @Test func idsAreNeverZeroAndNeverRepeat() {
    var generator = IDGenerator(seed: 1)
    var seen: Set<UInt64> = []
    for _ in 0..<200_000 {
      let id = generator.next()
      #expect(id != 0 && seen.insert(id).inserted)
    }
  }

  @Test func theOneStateThatMixesToZeroIsPassedOver() {
    // SplitMix64 maps state 0 to 0; the generator adds its increment first.
    var generator = IDGenerator(seed: 0 &- 0x9e37_79b9_7f4a_7c15)
    #expect(generator.next() != 0)
  }

  @Test func equalSeedsGiveEqualIdsAndNoSeedOthers() {
    var (left, right) = (IDGenerator(seed: 9), IDGenerator(seed: 9))
    #expect((0..<10).map { _ in left.next() } == (0..<10).map { _ in right.next() })
    var (one, other) = (IDGenerator(), IDGenerator())
    #expect(one.nextTrace() != other.nextTrace())
    #expect(one.nextSpan() != one.nextSpan())
  }
}
