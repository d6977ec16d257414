import ChainModel
import ChainTestSupport
import EventLoop
import Synchronization
import Testing

/// Names as a test has them.
private final class TestNames: Sendable {
  private struct State {
    var addresses: [String: String]
    var asked = 0
    var isHeld = false
  }

  private let state: Mutex<State>
  private let gate = Condition()

  init(_ addresses: [String: String] = [:], isHeld: Bool = false) {
    state = Mutex(State(addresses: addresses, isHeld: isHeld))
  }

  /// How often anybody has asked.
  var asked: Int { state.withLock { $0.asked } }

  func set(_ name: String, _ address: String?) { state.withLock { $0.addresses[name] = address } }

  /// Whoever waits is answered.
  func release() {
    gate.withLock {
      state.withLock { $0.isHeld = false }
      gate.broadcast()
    }
  }

  func find(_ endpoint: Endpoint) throws(SocketAddress.Unresolved) -> SocketAddress {
    state.withLock { $0.asked += 1 }
    gate.withLock {
      while state.withLock({ $0.isHeld }) { gate.wait() }
    }
    let address = state.withLock { $0.addresses[endpoint.host] }
    guard let address, let found = try? SocketAddress.parse(Endpoint(address, port: endpoint.port)) else {
      throw SocketAddress.Unresolved(reason: "nobody knows it")
    }
    return found
  }

  func lookup(_ host: String, pause: Duration = .zero) -> Lookup {
    Lookup(Endpoint(host, port: 80), pause: pause) { [self] endpoint throws(SocketAddress.Unresolved) in
      try find(endpoint)
    }
  }
}

/// What askers were told, in their order; `-` for nothing.
private final class Told: Sendable {
  private let answers = Mutex<[String]>([])

  var all: [String] { answers.withLock { $0 } }

  func note(_ found: Lookup.Found) {
    let text = (try? found.get().endpoint.text) ?? "-"
    answers.withLock { $0.append(text) }
  }
}

@Suite(.timeLimit(.minutes(1))) struct LookupTests {
  @Test(arguments: ["10.77.0.12", "fd00::12"]) func anAddressIsNeverLookedUp(host: String) {
    let (names, told) = (TestNames(), Told())
    let lookup = names.lookup(host)
    lookup.find(told.note)
    lookup.callFailed()
    #expect(told.all == [Endpoint(host, port: 80).text] && names.asked == 0)
    #expect(lookup.known?.endpoint == Endpoint(host, port: 80))
  }

  @Test func allWhoAskMeanwhileWaitForOneLookup() async throws {
    let (names, told) = (TestNames(["a": "10.0.0.1"], isHeld: true), Told())
    let lookup = names.lookup("a")
    #expect(names.asked == 0 && lookup.known == nil)
    for _ in 0..<5 { lookup.find(told.note) }
    #expect(await eventually { names.asked == 1 })
    #expect(told.all.isEmpty)
    names.release()
    #expect(await eventually { told.all.count == 5 })
    #expect(Set(told.all) == ["10.0.0.1:80"] && names.asked == 1)
    // Known from now on.
    lookup.find(told.note)
    #expect(told.all.count == 6 && names.asked == 1)
  }

  @Test func aNameThatNobodyKnowsIsAskedForAgain() async throws {
    let (names, told) = (TestNames(), Told())
    let lookup = names.lookup("a")
    lookup.find(told.note)
    #expect(await eventually { told.all == ["-"] })
    names.set("a", "10.0.0.1")
    lookup.find(told.note)
    #expect(await eventually { told.all == ["-", "10.0.0.1:80"] })
  }

  @Test func afterACallHasFailedTheNameMayLeadElsewhere() async throws {
    let (names, told) = (TestNames(["a": "10.0.0.1"]), Told())
    let lookup = names.lookup("a")
    lookup.find(told.note)
    #expect(await eventually { lookup.known != nil })
    names.set("a", "10.0.0.2")
    #expect(lookup.known?.endpoint.host == "10.0.0.1")
    lookup.callFailed()
    #expect(await eventually { lookup.known?.endpoint.host == "10.0.0.2" })
    // A resolver that has lost it makes nothing unknown.
    names.set("a", nil)
    lookup.callFailed()
    #expect(await eventually { names.asked == 3 })
    lookup.find(told.note)
    #expect(lookup.known?.endpoint.host == "10.0.0.2" && told.all.last == "10.0.0.2:80")
  }

  /// Whatever fails, and however often.
  @Test func aNameIsLookedUpOnceInAPauseAtMost() async throws {
    let (names, told) = (TestNames(), Told())
    let lookup = names.lookup("a", pause: .seconds(3600))
    for count in 1...20 {
      lookup.find(told.note)
      #expect(await eventually { told.all.count == count })
      lookup.callFailed()
    }
    #expect(names.asked == 1 && Set(told.all) == ["-"])
  }

  /// `localhost` may be ::1 or 127.0.0.1, and a server may listen on one of them only.
  @Test func ofSeveralAddressesItIsOneOnWhichSomebodyListens() throws {
    let server = try EchoServer()
    defer { server.stop() }
    let found = try SocketAddress.resolve(Endpoint("localhost", port: server.port))
    #expect(found.endpoint == Endpoint("127.0.0.1", port: server.port))
    #expect(throws: SocketAddress.Unresolved.self) { try SocketAddress.resolve(Endpoint("nobody.invalid", port: 80)) }
  }
}
