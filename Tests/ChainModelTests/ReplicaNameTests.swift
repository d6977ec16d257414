import ChainModel
import Testing

@Suite struct ReplicaNameTests {
  private static let services: [ServiceName] = ["gateway", "payment-service", "node-7"]

  @Test func everyReplicaHasOneNameThatReadsAsIt() {
    var names: Set<String> = []
    for service in Self.services {
      for number in ReplicaName.numbers {
        let replica = ReplicaName(service, number)
        #expect(ReplicaName(replica.text, of: Self.services) == replica)
        #expect(ReplicaName(process: replica.text, number: number) == replica)
        names.insert(replica.text)
      }
    }
    #expect(names.count == Self.services.count * ReplicaName.numbers.count)
    #expect(ReplicaName(.paymentService).text == "payment-service")
    #expect(ReplicaName(.paymentService, 2).text == "payment-service-2")
  }

  /// Whose service has a number in its name is no replica of one that there is not.
  @Test func aNumberInAServicesNameIsItsOwn() {
    #expect(ReplicaName("node-7", of: Self.services) == ReplicaName("node-7"))
    #expect(ReplicaName(process: "node-7", number: 1) == ReplicaName("node-7"))
  }

  @Test(arguments: [
    "", "-", "payment", "payment-service-", "payment-service-0", "payment-service-1", "payment-service-9",
    "payment-service-02", "payment-service-+2", "payment-service--2", "payment-service-2-2", "Payment-service-2",
    "payment-service-2 ", "all", "node",
  ])
  func whatNoReplicaIsCalledIsNone(text: String) {
    #expect(ReplicaName(text, of: Self.services) == nil)
  }
}
