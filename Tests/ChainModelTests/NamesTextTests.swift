import ChainModel
import Testing

@Suite struct NamesTextTests {
  @Test(arguments: [
    (["gateway"], "gateway"), (["a", "b"], "a, b"), (["s1", "s2"], "s1, 2"), (["s1", "s2", "s3"], "s1…3"),
    (["s10", "s9", "s11", "cart", "s2"], "s2, 9…11, cart"), (["s-01", "s-02", "s-03"], "s-01…03"),
    (["cart", "cart-2", "cart-3", "cart-4"], "cart, cart-2…4"), (["s", "s0", "s1", "s2"], "s, 0…2"),
    (["12", "13"], "12, 13"), ([], ""),
    (["a → s1", "a → s2", "a → s3"], "a → s1…3"), (["größe1", "größe2", "größe3"], "größe1…3"),
  ])
  func namesThatDifferByTheirNumberAreARange(_ names: [String], _ text: String) {
    #expect(NamesText.folded(names) == text)
  }

  @Test func whatHasNoRoomIsCounted() {
    let names = ["payment", "order", "user", "gateway"]
    #expect(NamesText.folded(names, to: 31) == "payment, order, user, gateway")
    #expect(NamesText.folded(names, to: 28) == "payment, order and 2 more")
    #expect(NamesText.folded(names, to: 1) == "payment and 3 more")
    #expect(NamesText.folded((1...40).map { "s\($0)" } + ["x", "y"], to: 8) == "s1…40 and 2 more")
  }

  @Test func figuresThatDifferAreARange() {
    #expect(NamesText.range([3, 1, 2]) == "1…3" && NamesText.range([2, 2]) == "2" && NamesText.range([Int]()) == nil)
    #expect(NamesText.range([1_000_000, 1_000_400] as [UInt64], FigureText.duration) == "1 ms")
  }
}
