/// Where the loop and a thread that works for a request meet: the thread may send the answer itself, as long as nothing
/// else is to be done with the connection, which spares the loop a wake-up for each request.
struct AnswerDoor: Sendable {
  private struct State {
    var isClosed = false
    /// The loop has something to do when the request is answered, so it must be told.
    var needsLoop = false
    /// The answer has been sent, and the loop does not know it yet.
    var isAnswered = false
  }

  private let state = Locked(State())

  enum Outcome {
    case sent
    /// So many bytes have been sent; the rest is the loop's.
    case left(Int)
    case closed
  }

  /// From the thread that has worked for the request.
  func send(_ send: () -> (sent: Int, isAll: Bool)) -> Outcome {
    state.withLock { state in
      guard !state.isClosed else { return .closed }
      guard !state.needsLoop else { return .left(0) }
      let (sent, isAll) = send()
      guard sent >= 0 else { return .left(0) }
      if isAll { state.isAnswered = true }
      return isAll ? .sent : .left(sent)
    }
  }

  /// On the loop: it is going to wait for the answer with something to do then.
  /// - Returns: whether the answer has been sent already.
  func insistOnLoop() -> Bool {
    state.withLock { state in
      if state.isAnswered { return true }
      state.needsLoop = true
      return false
    }
  }

  /// On the loop: whether the answer has been sent meanwhile; if so, all is as before.
  func takeAnswered() -> Bool {
    state.withLock { state in
      defer { state.isAnswered = false }
      if state.isAnswered { state.needsLoop = false }
      return state.isAnswered
    }
  }

  /// On the loop: it has answered by itself.
  func reopen() {
    state.withLock { state in
      state.needsLoop = false
      state.isAnswered = false
    }
  }

  func close(_ body: () -> Bool) -> Bool {
    state.withLock { state in
      state.isClosed = true
      return body()
    }
  }
}

extension ServerConnection {
  /// Answers the request that this thread has worked for, which is not the loop's.
  /// - Parameters:
  ///   - reply: the answer.
  ///   - output: the thread's own, to build it in.
  ///   - date: the thread's own.
  package func answer(_ reply: Reply, directlyWith output: Output, _ date: HTTPDate) {
    output.clear()
    let closes = write(reply, to: output, date)
    let outcome =
      closes
      ? .left(0)
      : door.send { [self] in
        let sent = sendNow(output.bytes)
        return (sent, sent == output.count)
      }
    switch outcome {
    case .sent, .closed: break
    case .left(let sent):
      let rest = Array(output.bytes[sent...])
      loop.execute { [self] in finishAnswer(rest, closes: closes) }
    }
  }
}
