import ChainModel
import Testing

@Suite struct ReplicaNameTests {
  @Test func everyReplicaHasOneNameThatReadsAsIt() {
    var names: Set<String> = []
    for service in ServiceName.allCases {
      for number in ReplicaName.numbers {
        let replica = ReplicaName(service, number)
        #expect(ReplicaName(replica.text) == replica)
        names.insert(replica.text)
      }
    }
    #expect(names.count == ServiceName.allCases.count * ReplicaName.numbers.count)
    #expect(ReplicaName(.paymentService).text == "payment-service")
    #expect(ReplicaName(.paymentService, 2).text == "payment-service-2")
  }

  @Test(arguments: [
    "", "-", "payment", "payment-service-", "payment-service-0", "payment-service-1", "payment-service-9",
    "payment-service-02", "payment-service-+2", "payment-service--2", "payment-service-2-2", "Payment-service-2",
    "payment-service-2 ", "all",
  ])
  func whatNoReplicaIsCalledIsNone(text: String) {
    #expect(ReplicaName(text) == nil)
  }

  @Test func replicasStandBesideTheirService() {
    let texts = [
      "supervisor", "payment-service-2", "gateway", "order-service", "load", "payment-service", "order-service-3",
    ]
    #expect(
      texts.sorted { ReplicaName.rank($0) < ReplicaName.rank($1) } == [
        "gateway", "order-service", "order-service-3", "payment-service", "payment-service-2", "load", "supervisor",
      ])
  }

  @Test func threadNamesFitIntoFifteenBytes() {
    for service in ServiceName.allCases {
      #expect("\(ReplicaName(service, 8).shortName)-w4096".utf8.count <= 15)
    }
  }
}
