import ChainModel
import ServiceRuntime

/// Knows which orders are paid, and writes down who asked.
@main
struct PaymentServiceMain {
  static func main() {
    ServiceMain.run { folder throws(CallError) in
      try PaymentStore.seed(folder)
      let ledger = try AppendFile("ledger.csv", in: folder)
      return [Route("GET", "/payments", PaymentStates(ledger: ledger))]
    }
  }
}
