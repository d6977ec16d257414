/// The four ways in which a service can wait. The raw value is the name on the wire and in descriptions.
package enum IOModel: String, CaseIterable, Codable, Sendable {
  /// Thread per request: the request's worker thread makes the blocking call.
  case blocking
  /// A hired thread makes the blocking call; the request is suspended on its event loop.
  case async
  /// Nobody waits: the event loop runs a callback when the answer is there.
  case nonblocking
  /// Nobody waits: the event loop resumes a suspended function when the answer is there.
  case nonblockingAsync = "nonblocking-async"
}

/// How a handler is written; the raw value is the name of its function.
package enum HandlerStyle: String, CaseIterable, Sendable {
  case blocking
  case callbacks
  case nonBlocking
}

extension IOModel {
  /// What there is to know of a model. Whoever needs to know asks here and compares no models.
  package struct Traits: Sendable {
    /// The model's number in the log.
    package var code: UInt8
    /// Stands for it where many models are named in a row, as in `BBNC`.
    package var letter: Character
    /// Whose threads wait for callees and remote systems. Where those are workers, they hold the whole request.
    package var waiters: ThreadRole
    /// Whose threads do store work.
    package var storeWorkers: ThreadRole
    /// In which style its handlers are written.
    package var style: HandlerStyle
    /// What one sees of it in such code, in a sentence.
    package var about: String
  }

  package var traits: Traits {
    switch self {
    case .blocking:
      Traits(
        code: 0, letter: "B", waiters: .worker, storeWorkers: .worker, style: .blocking,
        about: "Each get and store returns when the answer is there; until then the thread is blocked.")
    case .async:
      Traits(
        code: 1, letter: "A", waiters: .hired, storeWorkers: .hired, style: .nonBlocking,
        about:
          "At each await the request is suspended; a hired thread makes the blocking call and is blocked meanwhile.")
    case .nonblocking:
      Traits(
        code: 2, letter: "N", waiters: .loop, storeWorkers: .store, style: .callbacks,
        about: "Each get and store returns at once; what comes after it is a closure, inside a closure.")
    case .nonblockingAsync:
      Traits(
        code: 3, letter: "C", waiters: .loop, storeWorkers: .store, style: .nonBlocking,
        about: "At each await the request is suspended and no thread is blocked: the event loop goes on.")
    }
  }

  /// A request holds a worker thread from its start to its answer.
  package var holdsThread: Bool { traits.waiters == .worker }

  /// A thread is hired for whatever blocks.
  package var hiresThreads: Bool { traits.waiters == .hired }

  /// Nobody waits for callees: the event loop is told.
  package var waitsOnLoop: Bool { traits.waiters == .loop }

  /// Store work is handed to a pool of its own, since it cannot be waited for on the loop.
  package var usesStorePool: Bool { traits.storeWorkers == .store }

  /// Whose threads do what a request of this model waits for, so that it may have to queue for one; nil: nobody's, or its
  /// own thread waits.
  package func helper(for cause: WaitCause) -> ThreadRole? {
    let role: ThreadRole? =
      switch cause {
      case .call: traits.waiters
      case .database, .file: traits.storeWorkers
      default: nil
      }
    return role == .hired || role == .store ? role : nil
  }

  package static let names = allCases.map(\.rawValue)

  /// All of them, for a sentence.
  package static let anyOf = names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")

  package var code: UInt8 { traits.code }

  private static let byCode = allCases.sorted { $0.code < $1.code }

  package init?(code: UInt8) {
    guard let model = Self.byCode.first(where: { $0.code == code }) else { return nil }
    self = model
  }
}
