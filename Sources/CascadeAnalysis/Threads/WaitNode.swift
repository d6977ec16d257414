/// A link of a wait chain: a thread or, where no thread is held, a request.
struct WaitNode: Hashable, Sendable {
  enum Place: Hashable, Sendable {
    case thread(UInt32)
    case request(UInt64)
  }

  var process: UInt16
  var place: Place
}
