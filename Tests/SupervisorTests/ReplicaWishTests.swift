import ChainModel
import Supervisor
import Testing

@Suite struct ReplicaWishTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test func theHighestGoAndTheLowestCome() {
    #expect(ReplicaWish.steps(to: 3, present: [1], retiring: []) == [.start(2), .start(3)])
    #expect(ReplicaWish.steps(to: 1, present: [1, 2, 3], retiring: []) == [.retire(2), .retire(3)])
    #expect(ReplicaWish.steps(to: 2, present: [1, 2], retiring: []) == [])
    // Who is on the way out is told once, and may come back.
    #expect(ReplicaWish.steps(to: 1, present: [1, 2], retiring: [2]) == [])
    #expect(ReplicaWish.steps(to: 3, present: [1, 2, 3], retiring: [2, 3]) == [.keep(2), .keep(3)])
    #expect(ReplicaWish.steps(to: 3, present: [1, 3], retiring: [3]) == [.start(2), .keep(3)])
  }

  @Test func whatWasAskedForIsReadAgain() throws {
    let run = RunFolder(path: folder.path)
    #expect(try run.wish() == ReplicaWish())
    var wish = ReplicaWish()
    wish.ask(for: 3, of: .paymentService)
    wish.ask(for: 1, of: .orderService)
    try run.write(wish)
    #expect(try run.wish() == wish)
    #expect(try run.wish().counts == [.paymentService: 3, .orderService: 1])
  }

  @Test(arguments: [
    "", "{", "[]", #"{"payment-service": 9}"#, #"{"payment-service": 0}"#, #"{"payment-service": "2"}"#,
  ])
  func aWishThatCannotBeIsDamage(text: String) throws {
    try AtomicFile.write(Array(text.utf8), to: "\(folder.path)/scale.json")
    let error = #expect(throws: SupervisorError.self) { try RunFolder(path: folder.path).wish() }
    #expect(error?.description.contains("scale.json") == true)
  }

  @Test func aChainOfBeforeThereWereReplicasIsRead() throws {
    let old = #"{"name":"order-service","state":"ready","host":"127.0.0.1","port":1,"control_port":2,"restarts":0}"#
    let service = try #require(WireJSON.decode(ChainState.Service.self, from: Array(old.utf8)))
    #expect(service.replica == ReplicaName(.orderService))
  }
}
