import ServiceRuntime
import Testing

@Suite struct CalleeOrderTests {
  @Test(arguments: [[1], [2], [1, 2], [1, 3, 8], [8, 7, 6, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6, 7, 8]])
  func everyReplicaHasEveryTurn(numbers: [Int]) {
    let order = CalleeOrder(numbers)
    #expect(order.count == numbers.count)
    #expect(order.numbers == numbers)
    let turns = (0..<UInt64(7 * numbers.count)).map { order.number(at: $0) }
    for number in numbers { #expect(turns.count { $0 == number } == 7) }
    // One after another, so that none has two calls more than another at any time.
    #expect(Array(turns.prefix(numbers.count)) == numbers)
    #expect(numbers.contains(order.number(at: .max)))
  }
}
