import LoadGenerator
import Testing

@Suite struct TimeoutQueueTests {
  @Test func requestsExpireOldestFirstAndNotBeforeTheirDeadline() {
    var queue = TimeoutQueue()
    for index in UInt64(1)...3 { queue.add(index, deadline: index * 10) }
    #expect(queue.nextDeadline == 10)
    #expect(queue.popExpired(at: 9) == nil)
    #expect(queue.popExpired(at: 20) == 1)
    #expect(queue.popExpired(at: 20) == 2)
    #expect(queue.popExpired(at: 20) == nil)
    #expect(queue.nextDeadline == 30)
  }

  @Test func answeredRequestsAreForgottenUpToTheOldestThatIsNot() {
    var queue = TimeoutQueue()
    for index in UInt64(1)...5 { queue.add(index, deadline: index) }
    queue.trim { $0 == 3 || $0 == 5 }
    #expect(queue.count == 3)
    #expect(queue.nextDeadline == 3 && queue.oldest == 3)
    queue.trim { _ in false }
    #expect(queue.count == 0)
    #expect(queue.nextDeadline == nil && queue.oldest == nil)
  }

  @Test func aLongQueueKeepsItsOrderWhileItGivesBackItsRoom() {
    var queue = TimeoutQueue()
    var next: UInt64 = 0
    for index in UInt64(0)..<5000 {
      queue.add(index, deadline: index)
      guard index % 3 != 0 else { continue }
      #expect(queue.popExpired(at: index) == next)
      next += 1
    }
    while let index = queue.popExpired(at: 5000) {
      #expect(index == next)
      next += 1
    }
    #expect(next == 5000)
  }
}
