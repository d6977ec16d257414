/// A queue that neither moves its elements nor gives back its room: first in, first out.
struct Ring<Element> {
  private var places: [Element?] = Array(repeating: nil, count: 16)
  private var start = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  var first: Element? { count == 0 ? nil : places[start] }

  /// Counted from the oldest; it must be there.
  subscript(index: Int) -> Element {
    guard index < count, let element = places[place(index)] else {
      preconditionFailure("a ring of \(count) has nothing at \(index)")
    }
    return element
  }

  mutating func append(_ element: Element) {
    if count == places.count { grow() }
    places[place(count)] = element
    count += 1
  }

  @discardableResult
  mutating func removeFirst() -> Element {
    let element = self[0]
    places[start] = nil
    start = place(1)
    count -= 1
    return element
  }

  mutating func swapAt(_ left: Int, _ right: Int) { places.swapAt(place(left), place(right)) }

  private func place(_ index: Int) -> Int { (start + index) & (places.count - 1) }

  private mutating func grow() {
    let kept = (0..<count).map { places[place($0)] }
    places = kept + Array(repeating: nil, count: kept.count)
    start = 0
  }
}
