import ChainModel
import Testing

@Suite struct SeedDataTests {
  private func text(_ data: SeedData) -> String { "\(data.usernames)\(data.orders)\(data.payments)" }

  @Test func equalSeedsGiveEqualData() {
    #expect(text(SeedData(seed: 42, users: 100)) == text(SeedData(seed: 42, users: 100)))
    #expect(text(SeedData(seed: 42, users: 100)) != text(SeedData(seed: 43, users: 100)))
    #expect(!SeedData(seed: -1, users: 3).orders.isEmpty)
  }

  /// On every machine and in every version: a run's seed must mean the same when it is played again.
  @Test func seedOneIsWhatItAlwaysWas() throws {
    let data = SeedData(seed: 1, users: 1_000)
    let first = try #require(data.orders.first)
    #expect(data.usernames.prefix(3) == ["ada", "alan", "barbara"])
    #expect([first.id, first.userID] == [1, 1])
    #expect(
      "\(first.item) \(first.amountCents) \(data.payments[0].state) \(data.orders.count)" == "radio 32890 refunded 1990"
    )
  }

  @Test func everyUserHasOneToThreeOrdersAndEveryOrderOnePayment() {
    let data = SeedData(seed: 7, users: 1_000)
    let counts = Dictionary(grouping: data.orders, by: \.userID).mapValues(\.count)
    #expect(Set(counts.keys) == Set(1...1_000))
    #expect(Set(counts.values) == [1, 2, 3])
    #expect(data.orders.map(\.id) == Array(1...data.orders.count))
    #expect(data.payments.map(\.orderID) == data.orders.map(\.id))
    #expect(data.orders.allSatisfy { (100..<100_000).contains($0.amountCents) && !$0.item.isEmpty })
    #expect(Set(data.payments.map(\.state)) == ["paid", "pending", "refused", "refunded"])
  }

  @Test func usernamesAreUniqueAndNeedNoEscaping() {
    let names = SeedData.usernames(1_000)
    #expect(Set(names).count == 1_000)
    #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z]+[0-9]*/) != nil })
    #expect(names[20] == "ada2")
    #expect(SeedData.usernames(0).isEmpty)
    #expect(Array(names.prefix(50)) == SeedData.usernames(50))
  }
}
