import ChainModel
import CPlatform

/// One client's connection: takes requests from it, one at a time, and sends their answers.
///
/// What a client sends while its request is being answered waits in the kernel: no more is read from it meanwhile.
package final class ServerConnection: Connection {
  private enum Phase {
    /// For a request, or the rest of one.
    case reading
    /// A request has come, whole, and has not been answered.
    case answering
    /// Its answer has been given and not been taken yet; whether the connection then ends.
    case untaken(closes: Bool)
    /// Its answer goes on until the connection ends.
    case streaming
    /// The last answer has been given: what still comes is thrown away, until the client has read it.
    case draining
  }

  private unowned let server: HTTPServer
  private var handler: (any RequestHandler)?
  private var phase = Phase.reading
  /// Received and not yet looked at, from an offset on; and how far the lines of a head in it were whole.
  private var kept: [UInt8] = []
  private var keptFrom = 0
  private var scanned = 0
  /// Of the request that is being read; nil while its head has not come.
  private var body: BodyReader?
  private var bodyCount = 0
  private var request = RequestFacts()
  /// Requests are being taken out of what was received: an answer given within that does not take the next one itself.
  private var isProcessing = false
  /// So many were taken in one go that the others had to come first.
  private var isYielding = false
  private var peerIsHalfClosed = false
  private var ageInPeriods = 0
  private var drainInPeriods = 0
  var place = 0
  let door = AnswerDoor()

  /// What has to be known of a request when it is answered.
  private struct RequestFacts {
    var isHead = false
    var minor = 1
    var keepsConnection = true
    var isAnswered = true
  }

  /// A client that sends thousands of requests at once gets so many answers; then it is somebody else's turn.
  private static let fairShare = 16
  private static let longBody = 32 * 1024

  init(_ descriptor: Int32, of server: HTTPServer) {
    self.server = server
    super.init(descriptor, on: server.loop)
  }

  func begin(_ handler: any RequestHandler) {
    guard isOpen else { return handler.closed() }
    self.handler = handler
    if case .draining = phase { return }
    watch(for: Readiness.input | Readiness.halfClosed)
  }

  override func shut() -> Bool { door.close { closeDescriptor() } }

  override func wasClosed() {
    server.forget(self)
    let handler = handler
    self.handler = nil
    handler?.closed()
  }

  // MARK: Events

  override func ready(_ events: UInt32) {
    if events & Readiness.output != 0 { takeMore() }
    guard isOpen else { return }
    noteAnswered()
    switch phase {
    case .reading where !isYielding:
      if events & ~Readiness.output != 0 { read() }
    case .draining:
      if events & ~Readiness.output != 0 { dropInput() }
    default: wait(through: events)
    }
  }

  /// A worker may have answered meanwhile.
  private func noteAnswered() {
    guard case .answering = phase, door.takeAnswered() else { return }
    wasAnswered()
  }

  private func wasAnswered() {
    request.isAnswered = true
    ageInPeriods = 0
    handler?.answered()
    answered(closes: false)
  }

  /// The answer must be the loop's, which has to go on behind it; or it has been sent, and the loop goes on now.
  private func insistOnLoop() {
    guard case .answering = phase, door.insistOnLoop(), door.takeAnswered() else { return }
    wasAnswered()
  }

  /// A request is being answered.
  private func wait(through events: UInt32) {
    if events & Readiness.dead != 0 { return close() }
    if events & Readiness.halfClosed != 0 {
      // It has nothing more to send, and may be waiting for its answer all the same, or may have left for good.
      peerIsHalfClosed = true
      watch(for: 0)
      lookForPeer()
      insistOnLoop()
    } else if events & Readiness.input != 0, !isYielding {
      watch(for: Readiness.halfClosed)
      insistOnLoop()
    }
  }

  /// Closes when nobody is there any more to take the answer.
  private func lookForPeer() {
    if chain_peer_is_held(loop.diagnosis, descriptor) != 1 { close() }
  }

  private func read() {
    guard let count = receive() else { return }
    guard count > 0 else { return close() }
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(loop.input)[..<count])
    if ageInPeriods > 0, kept.isEmpty, body == nil { ageInPeriods = 0 }
    guard kept.isEmpty else {
      kept.removeFirst(keptFrom)
      keptFrom = 0
      kept.append(contentsOf: bytes)
      return processKept()
    }
    let used = process(bytes)
    if isOpen, !isDraining, used < bytes.count {
      kept = Array(bytes[used...])
      keptFrom = 0
      insistOnLoop()
    }
    goOn()
  }

  /// Takes what was received before.
  private func processKept() {
    let bytes = kept
    let from = keptFrom
    let used = bytes.withUnsafeBytes { process(UnsafeRawBufferPointer(rebasing: $0[from...])) }
    if !isOpen || isDraining || from + used == bytes.count {
      kept = []
      keptFrom = 0
    } else {
      keptFrom = from + used
      insistOnLoop()
    }
    goOn()
  }

  /// Whatever was taken has been taken: is told of what comes next, now or after the others.
  private func goOn() {
    guard isOpen, case .reading = phase else { return }
    if isYielding {
      loop.execute { [self] in
        isYielding = false
        if isOpen, case .reading = phase { processKept() }
      }
    } else {
      watch(for: peerIsHalfClosed ? Readiness.input : Readiness.input | Readiness.halfClosed)
    }
  }

  // MARK: Requests

  /// Takes requests out of the bytes, as long as each is answered at once.
  /// - Returns: how many of the bytes were taken.
  private func process(_ bytes: UnsafeRawBufferPointer) -> Int {
    isProcessing = true
    defer { isProcessing = false }
    var (at, taken) = (0, 0)
    do throws(HTTPRefusal) {
      while isOpen, at < bytes.count, case .reading = phase {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
        if body == nil {
          guard taken < Self.fairShare else {
            isYielding = true
            return at
          }
          let length = try takeHead(rest)
          guard length > 0 else { return at }
          at += length
          taken += 1
        } else {
          at += try takeBody(rest)
        }
        try finishRequest()
      }
    } catch {
      handler?.refused(.http(error))
      return bytes.count
    }
    return at
  }

  /// - Returns: how long it was; 0 while it is not whole.
  private func takeHead(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> Int {
    // An empty line before a request is passed over (RFC 9112 2.2).
    if bytes[0] == ByteKind.carriageReturn, bytes.count == 1 { return 0 }
    if bytes[0] == ByteKind.carriageReturn, bytes[1] == ByteKind.lineFeed { return 2 }
    if scanned > 0 {
      guard try HeadParser.isWhole(bytes, scanned: &scanned) else { return 0 }
      scanned = 0
    }
    guard let (head, length) = try server.parser.request(bytes) else {
      _ = try HeadParser.isWhole(bytes, scanned: &scanned)
      if scanned == 0, !HeadParser.mayBecomeRequest(bytes) { throw .malformed(.line) }
      return 0
    }
    request = RequestFacts(
      isHead: head.isHead, minor: head.minor, keepsConnection: head.keepsConnection, isAnswered: false)
    body = BodyReader(head.framing)
    bodyCount = 0
    handler?.began(head)
    guard isOpen, !request.isAnswered else { return length }
    refuseOrInvite(head, follows: bytes.count > length)
    return length
  }

  /// What the head says of a body that is too large or not wanted yet.
  private func refuseOrInvite(_ head: RequestHead, follows: Bool) {
    if head.expectsUnknown { return refuse(.expectation) }
    if case .length(let length) = head.framing, length > server.limits.bodyBytes {
      return refuse(.bodyTooLarge(limit: server.limits.bodyBytes))
    }
    guard head.expectsContinue, !follows, body?.isDone == false else { return }
    loop.output.clear()
    loop.output.append("HTTP/1.1 100 Continue\r\n\r\n")
    if !send(loop.output.bytes) { close() }
  }

  private func refuse(_ reason: RequestRefusal) {
    guard !request.isAnswered else { return }
    handler?.refused(reason)
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> Int {
    guard var reader = body else { return 0 }
    let limit = server.limits.bodyBytes
    let used = try reader.read(bytes) { piece in
      bodyCount += piece.count
      if bodyCount <= limit { handler?.received(piece) }
    }
    body = reader
    if bodyCount > limit { refuse(.bodyTooLarge(limit: limit)) }
    return used
  }

  private func finishRequest() throws(HTTPRefusal) {
    guard isOpen, case .reading = phase, let reader = body, reader.isDone else { return }
    body = nil
    scanned = 0
    ageInPeriods = 0
    guard !request.isAnswered else { return }
    phase = .answering
    handler?.complete()
  }

  // MARK: Answers

  /// Answers the request. Nothing happens when it has been answered, or the connection is closed.
  package func answer(_ reply: Reply) {
    guard isOpen, !request.isAnswered else { return }
    // A long body is sent from where it is.
    let isLong = !request.isHead && reply.body.count > Self.longBody
    loop.output.clear()
    let closes = write(reply, to: loop.output, server.date, headOnly: isLong)
    finish(loop.output.bytes, then: isLong ? reply.body : [], closes: closes, goesOn: reply.goesOn && !request.isHead)
  }

  /// Sends more of an answer that goes on. A client that has yet to take what was sent before is passed over.
  package func goOn(with bytes: [UInt8]) {
    guard isOpen, case .streaming = phase, !hasUnsent else { return }
    if !send(bytes) { close() }
  }

  /// Sends bytes in place of an answer or after one, whatever they are: for a server that is to misbehave.
  package func answer(raw bytes: [UInt8]) {
    if isOpen { finish(UnsafeRawBufferPointer(start: nil, count: 0), then: bytes, closes: false) }
  }

  /// - Returns: whether the connection ends with the answer.
  func write(_ reply: Reply, to output: Output, _ date: HTTPDate, headOnly: Bool = false) -> Bool {
    // A request that has not come whole cannot be told from the next one.
    let isWhole = body?.isDone ?? true
    let closes = reply.closes || !request.keepsConnection || !isWhole || reply.goesOn && !request.isHead
    let word: ConnectionWord = closes ? .close : request.minor == 0 ? .keepAlive : .usual
    reply.write(to: output, date: date, connection: word, headOnly: headOnly || request.isHead)
    return closes
  }

  /// Sends what a worker has left of an answer.
  func finishAnswer(_ rest: [UInt8], closes: Bool) {
    guard isOpen, !request.isAnswered else { return }
    handler?.answered()
    rest.withUnsafeBytes { finish($0, closes: closes) }
  }

  private func finish(
    _ bytes: UnsafeRawBufferPointer, then body: [UInt8] = [], closes: Bool, goesOn: Bool = false
  ) {
    request.isAnswered = true
    if case .answering = phase { door.reopen() }
    guard send(bytes), body.isEmpty || send(body) else { return close() }
    ageInPeriods = 0
    if goesOn {
      phase = .streaming
    } else if hasUnsent {
      phase = .untaken(closes: closes)
    } else {
      answered(closes: closes)
    }
  }

  /// The same, for what was refused before it was a request.
  package func dismiss(_ reply: Reply) {
    if isDraining { return }
    if request.isAnswered { request = RequestFacts(isAnswered: false) }
    var reply = reply
    reply.closes = true
    answer(reply)
  }

  private var isDraining: Bool { if case .draining = phase { true } else { false } }

  private func answered(closes: Bool) {
    if closes { return beginDraining() }
    if body?.isDone == true { body = nil }
    phase = .reading
    guard !isProcessing else { return }
    if kept.isEmpty { goOn() } else { processKept() }
  }

  private func takeMore() {
    guard flush() else { return close() }
    ageInPeriods = 0
    if !hasUnsent, case .untaken(let closes) = phase { answered(closes: closes) }
  }

  /// Says that nothing more is sent, and waits for the client to have read what was.
  private func beginDraining() {
    phase = .draining
    kept = []
    keptFrom = 0
    body = nil
    halfClose()
    watch(for: Readiness.input | Readiness.halfClosed)
  }

  private func dropInput() {
    guard let count = receive() else { return }
    if count <= 0 { return close() }
    ageInPeriods = 0
  }

  /// Ends the connection with a RST in place of an answer.
  package func reset() {
    resetAtClose()
    close()
  }

  // MARK: Time

  /// Another period has passed.
  func age() {
    ageInPeriods += 1
    noteAnswered()
    switch phase {
    case .reading where body == nil && kept.isEmpty:
      if ageInPeriods > server.periods(server.limits.idle) { close() }
    case .reading where !isYielding:
      if ageInPeriods > server.periods(server.limits.request) { handler?.refused(.slow) }
    case .answering:
      if peerIsHalfClosed { lookForPeer() }
    case .untaken, .streaming:
      if !hasUnsent { ageInPeriods = 0 }
      if ageInPeriods > server.periods(server.limits.idle) { return close() }
      if peerIsHalfClosed { lookForPeer() }
    case .draining:
      drainInPeriods += 1
      let isOver = drainInPeriods > server.periods(HTTPServer.drain)
      if isOver || ageInPeriods > server.periods(HTTPServer.silence) { close() }
    default: break
    }
  }
}
