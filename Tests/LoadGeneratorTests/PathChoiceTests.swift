import LoadGenerator
import Testing

@Suite struct PathChoiceTests {
  private static let route = "/users/{username}/payment-status"

  @Test func everyUserIsAskedForAboutEquallyOften() {
    let names = (0..<10).map { "user\($0)" }
    let choice = PathChoice(paths: [Self.route], usernames: names, seed: 1)
    var counts: [String: Int] = [:]
    for index in 0..<10_000 { counts[choice.path(UInt64(index)).path, default: 0] += 1 }
    #expect(Set(counts.keys) == Set(names.map { "/users/\($0)/payment-status" }))
    #expect(counts.values.allSatisfy { (850...1150).contains($0) })
  }

  @Test func theChoiceFollowsFromSeedAndNumberAlone() {
    let names = (0..<100).map { "user\($0)" }
    func paths(_ seed: UInt64, _ order: [UInt64]) -> [UInt64: String] {
      let choice = PathChoice(paths: [Self.route], usernames: names, seed: seed)
      return Dictionary(uniqueKeysWithValues: order.map { ($0, choice.path($0).path) })
    }
    let forwards = Array(UInt64(0)..<50)
    #expect(paths(5, forwards) == paths(5, forwards.reversed()))
    #expect(paths(5, forwards) != paths(6, forwards))
  }

  @Test func everyPathIsTakenAndNamesItsTemplate() {
    let choice = PathChoice(paths: ["/ping", "/users/{username}"], usernames: ["ada"], seed: 9)
    let made = (0..<100).map { choice.path(UInt64($0)) }
    #expect(Set(made.map(\.path)) == ["/ping", "/users/ada"])
    #expect(made.allSatisfy { ($0.template == 0) == ($0.path == "/ping") })
  }

  @Test func aNameIsOneSegmentOfThePathWhateverItHolds() {
    let choice = PathChoice(paths: ["/a/{username}/b?of={username}"], usernames: ["Zoë/../x y?#%"], seed: 1)
    let name = "Zo%C3%AB%2F..%2Fx%20y%3F%23%25"
    #expect(choice.path(0).path == "/a/\(name)/b?of=\(name)")
  }
}
