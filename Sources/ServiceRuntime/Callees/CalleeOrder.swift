import ChainModel

/// The replicas of a callee that are called in turn, in one word, so that a call reads all of them at once.
///
/// The lowest four bits hold how many there are, each further four bits the number of one.
package struct CalleeOrder: Hashable, Sendable {
  let word: UInt64

  init(word: UInt64) {
    self.word = word
  }

  /// - Parameter numbers: of the replicas, at least one and each within `ReplicaName.numbers`.
  package init(_ numbers: [Int]) {
    precondition(ReplicaName.numbers.contains(numbers.count) && numbers.allSatisfy(ReplicaName.numbers.contains))
    word = numbers.reversed().reduce(0) { $0 << 4 | UInt64($1) } << 4 | UInt64(numbers.count)
  }

  package var count: Int { Int(word & 15) }

  package var numbers: [Int] { (0..<count).map { number(at: UInt64($0)) } }

  /// Whose turn it is: equally often everybody's.
  package func number(at turn: UInt64) -> Int { Int(word >> (4 + 4 * (turn % (word & 15))) & 15) }
}
