import ChainModel
import Testing

@Suite struct WireTests {
  private static let orders = [
    Order(id: 3, item: "lamp", amountCents: 1_999),
    Order(id: 1, item: "a \"quoted\" / chair \u{1f600}", amountCents: 0),
  ]

  private struct Whole: Encodable {
    var orders: [OrderStatus]
    var user: User
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func bodiesHaveSortedKeysAndTheSpellingOfTheWire() {
    #expect(text(WireJSON.encode(User(id: 7, username: "ada"))) == #"{"id":7,"username":"ada"}"#)
    #expect(
      text(WireJSON.encode(Order(id: 1, item: "a/b", amountCents: 5))) == #"{"amount_cents":5,"id":1,"item":"a/b"}"#)
    #expect(text(WireJSON.encode(Payment(orderID: 1, state: "paid"))) == #"{"order_id":1,"state":"paid"}"#)
  }

  @Test func whatIsEncodedDecodesToTheSame() {
    #expect(WireJSON.decode([Order].self, from: WireJSON.encode(Self.orders)) == Self.orders)
    #expect(
      WireJSON.decode(User.self, from: Array(#"{"username":"x","id":1,"more":2}"#.utf8)) == User(id: 1, username: "x"))
    for wrong in ["", "{", "[]", "null", #"{"id":"1","username":"x"}"#, #"{"id":1}"#, "\u{0}"] {
      #expect(WireJSON.decode(User.self, from: Array(wrong.utf8)) == nil)
    }
  }

  @Test func theSplicedAnswerIsTheWholeOneEncodedAtOnce() {
    let user = User(id: 7, username: "ada \u{2028} \"q\"")
    for orders in [Self.orders, []] {
      let states = OrderStatus.join(orders, [Payment(orderID: 1, state: "paid")])
      let spliced = PaymentStatus.body(user: WireJSON.encode(user), orders: WireJSON.encode(states))
      #expect(text(spliced) == text(WireJSON.encode(Whole(orders: states, user: user))))
    }
  }

  @Test func aJoinKeepsTheOrdersOrder() {
    let payments = [
      Payment(orderID: 1, state: "paid"), Payment(orderID: 1, state: "refused"), Payment(orderID: 9, state: "paid"),
    ]
    #expect(OrderStatus.join(Self.orders, payments).map(\.payment) == ["unknown", "paid"])
    #expect(OrderStatus.join(Self.orders, payments).map(\.order) == Self.orders)
    #expect(OrderStatus.join([], payments).isEmpty)
  }

  @Test func theQueryNamesItsOrders() throws {
    #expect(PaymentQuery.path([]) == "/payments?order_ids=")
    #expect(PaymentQuery.path([3, 1]) == "/payments?order_ids=3,1")
    #expect(try PaymentQuery.orderIDs("") == [])
    #expect(try PaymentQuery.orderIDs("3,1,3") == [3, 1, 3])
    let most = Array(1...PaymentQuery.limit)
    #expect(try PaymentQuery.orderIDs(String(PaymentQuery.path(most).split(separator: "=")[1])) == most)
  }

  @Test(
    arguments: ["x", "0", "-1", "1.5", "1 ", "1,x", "1;2", "99999999999999999999", "１", "1,\u{0}"])
  func aQueryThatIsNoListOfNumbersIsABadRequest(text: String) {
    let error = #expect(throws: CallError.self) { try PaymentQuery.orderIDs(text) }
    #expect(error?.row.status == 400)
  }

  @Test func oneOrderTooManyIsABadRequest() {
    let list = (1...PaymentQuery.limit + 1).map(String.init).joined(separator: ",")
    let error = #expect(throws: CallError.self) { try PaymentQuery.orderIDs(list) }
    #expect(error?.row.detail.contains("1001") == true)
  }
}
