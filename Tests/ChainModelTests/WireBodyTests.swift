import ChainModel
import Testing

/// What is written without an encoder is what the encoder would write.
@Suite struct WireBodyTests {
  /// Only `Encodable` is known of the value, so the encoder writes it.
  private func encoded(_ value: some Encodable) -> [UInt8] { WireJSON.encode(value) }

  private static let texts =
    ["", "ada", "a/b", "\"", "\\", "\u{8}\u{c}\n\r\t", "\u{0}\u{1f}\u{7f}", "\u{2028}\u{1f600}", "ä\u{301}"]
    + (0..<UInt64(200)).map { seed in
      var ids = IDGenerator(seed: seed)
      let scalars = (0..<8).map { _ in Unicode.Scalar(UInt32(ids.next() % 0x300)) ?? "?" }
      return String(String.UnicodeScalarView(scalars))
    }

  @Test(arguments: texts) func textsAreEscapedAsTheEncoderDoes(text: String) {
    let user = User(id: 7, username: text)
    #expect(WireJSON.encode(user) == encoded(user))
    let orders = [Order(id: 1, item: text, amountCents: 5), Order(id: 2, item: "lamp", amountCents: 0)]
    #expect(WireJSON.encode(orders) == encoded(orders))
    let payments = [Payment(orderID: 3, state: text)]
    #expect(WireJSON.encode(payments) == encoded(payments))
    let states = OrderStatus.join(orders, [Payment(orderID: 1, state: text)])
    #expect(WireJSON.encode(states) == encoded(states))
    for trace in [nil, "0af7651916cd43dd8448eb211c80319c"] {
      let row = CallError.badRequest(text).row
      let problem = ProblemBody(title: "Bad Request", row, service: "order-service-2", traceID: trace)
      #expect(WireJSON.encode(problem) == encoded(problem))
    }
  }

  @Test(arguments: [0, 1, -1, 10, 99, 100, -1_000, .max, .min]) func numbersAreWrittenWhole(number: Int) {
    let user = User(id: number, username: "ada")
    #expect(WireJSON.encode(user) == encoded(user))
  }

  @Test func emptyListsAreLists() {
    #expect(WireJSON.encode([Order]()) == Array("[]".utf8))
    #expect(WireJSON.payments(from: Array("[]".utf8)) == [])
  }

  @Test func whatIsWrittenIsReadAgain() {
    for count in [1, 2, 50] {
      let payments = (1...count).map { Payment(orderID: $0 * 7, state: ["paid", "refunded", "refused"][$0 % 3]) }
      #expect(WireJSON.payments(from: WireJSON.encode(payments)) == payments)
    }
  }

  /// What is spelt otherwise is left to the decoder, which takes more, and refuses what is no list of payments.
  @Test(arguments: [
    #"[{"order_id":1,"state":"paid"} ]"#, #"[{"state":"paid","order_id":1}]"#, #"[{"order_id":01,"state":"paid"}]"#,
    #"[{"order_id":1,"state":"p\u0061id"}]"#, #"[{"order_id":1,"state":""}]"#, #"[{"order_id":-1,"state":"paid"}]"#,
    #"[{"order_id":1,"state":"paid"},]"#, #"[,{"order_id":1,"state":"paid"}]"#, #"[{"order_id":1,"state":"paid"}]x"#,
    #"[{"order_id":1,"state":"paid"}"#, #"{"order_id":1,"state":"paid"}"#, "", "[", "null",
    #"[{"order_id":99999999999999999999,"state":"paid"}]"#, #"[{"order_id":1234567890123456,"state":"paid"}]"#,
  ])
  func theDecoderHasTheLastWord(text: String) {
    let bytes = Array(text.utf8)
    #expect(WireJSON.payments(from: bytes) == WireJSON.decode([Payment].self, from: bytes))
  }
}
