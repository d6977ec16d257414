import Topology
import Atomics
import ChainModel
import NIOCore
import NIOHTTP1
import NIOPosix

/// One client connection of the service port: reads requests, one at a time, and writes their answers.
///
/// What a client sends while its request is being answered waits here, and no more is read from it meanwhile.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  private let core: ServiceCore
  private let admission: Admission
  /// How many connections more than the limit there were when this one came, with it.
  private let excess: Int
  private let gate: AcceptGate?
  private let watch: ByteWatch
  private var context: ChannelHandlerContext?
  private var arrival: Arrival?
  private var bodyBytes = 0
  /// Admitted and not answered.
  private var exchange: Exchange?
  private var keepAlive = true
  /// An answer to HEAD has no body.
  private var isHead = false
  private var isFresh = true
  /// From a request's head until its answer has been written, and taken.
  private var isBusy = false
  /// The answer is written, and the client has yet to take what of it did not fit.
  private var isUntaken = false
  /// Parts of the requests that come after it.
  private var waiting = CircularBuffer<HTTPServerRequestPart>()
  private var isDelivering = false
  private var isReadHeld = false
  private var timer: Scheduled<Void>?

  static let bodyLimit = 64 * 1024
  /// So many connections over the limit are kept until their request has come, which is then refused in good order. More
  /// than that are told at once: they could take the descriptors that calls and the control port need.
  static let patientExcess = 32
  /// What a refused client is told to wait, in seconds.
  private static let retryAfter = "1"

  init(
    core: ServiceCore, loop: LoopContext, socket: ClientSocket, watch: ByteWatch, excess: Int, gate: AcceptGate?
  ) {
    self.core = core
    self.watch = watch
    self.excess = excess
    self.gate = gate
    admission = Admission(core: core, loop: loop, socket: socket)
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    scheduleCheck(context)
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    guard excess > Self.patientExcess else { return }
    keepAlive = false
    core.metrics.shed(ShedReason.connectionLimit.rawValue)
    dismiss(.shed(.connectionLimit))
  }

  func channelInactive(context: ChannelHandlerContext) {
    core.connections.wrappingDecrement(ordering: .relaxed)
    self.context = nil
    timer?.cancel()
    leaveGate()
    _ = abandonArrival(.cancelled)
    if core.admission.leave == .cancel { exchange?.cancellation.cancel() }
    context.fireChannelInactive()
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if !waiting.isEmpty { return waiting.append(part) }
    if case .head = part, isBusy { return waiting.append(part) }
    take(part)
  }

  func read(context: ChannelHandlerContext) {
    if waiting.isEmpty { context.read() } else { isReadHeld = true }
  }

  private func take(_ part: HTTPServerRequestPart) {
    switch part {
    case .head(let head):
      isBusy = true
      keepAlive = head.isKeepAlive
      isHead = head.method == .HEAD
      bodyBytes = 0
      // It holds this handler until it is answered. Weakly, it would make every use of the handler dearer.
      arrival = admission.arrive(head) { result in self.answer(result) }
    case .body(let buffer):
      bodyBytes += buffer.readableBytes
      guard bodyBytes > Self.bodyLimit, arrival?.error == nil else { return }
      arrival?.error = .bodyTooLarge(limit: Self.bodyLimit)
      keepAlive = false
      admit()
    case .end: admit()
    }
  }

  /// The answer has been taken: on to what has come meanwhile. A request may be answered at once, within this; the loop
  /// then goes on, so that a client that sends thousands does not use up the stack.
  private func deliverWaiting() {
    guard !isDelivering else { return }
    isDelivering = true
    while !isBusy, let part = waiting.popFirst() {
      take(part)
      // The rest of a request is taken while it is being served; the next one is not.
      while isBusy, let next = waiting.first, !next.isHead {
        waiting.removeFirst()
        take(next)
      }
    }
    isDelivering = false
    guard isReadHeld, waiting.isEmpty else { return }
    isReadHeld = false
    context?.read()
  }

  /// Serves the request, once: a body that is too large is refused before its end.
  private func admit() {
    guard let arrival, exchange == nil else { return }
    self.arrival = nil
    exchange = arrival.exchange
    watch.requestComplete()
    admission.admit(arrival, overConnectionLimit: excess > 0)
    leaveGate()
  }

  private func leaveGate() {
    guard isFresh else { return }
    isFresh = false
    gate?.decided()
  }

  // MARK: Answers

  private func answer(_ result: Result<Answer, CallError>) {
    guard let exchange else { return }
    self.exchange = nil
    guard let context else { return }
    switch result {
    case .success(let answer): write(answer, context: context)
    case .failure(.injectedReset): reset(context)
    case .failure(let error): write(error, trace: exchange.context.trace, context: context)
    }
  }

  private func write(_ error: CallError, trace: TraceID?, context: ChannelHandlerContext) {
    var headers: [String] = []
    if case .shed = error { headers.append("retry-after: \(Self.retryAfter)") }
    if case .methodNotAllowed(let allowed) = error { headers.append("allow: \(allowed)") }
    let problem = Problem(error, service: core.environment.replica, trace: trace)
    write(problem.answer, headers: headers, context: context)
  }

  private func write(_ answer: Answer, headers: [String] = [], context: ChannelHandlerContext) {
    let close = !keepAlive || excess > 0
    let bytes = answer.bytes(
      headers: close ? headers + ["connection: close"] : headers, hasBody: !isHead, allocator: context.channel.allocator
    )
    watch.answerWritten()
    guard close else {
      context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
      return endAnswer(context)
    }
    waiting.removeAll()
    let written = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    written.futureResult.whenComplete { _ in channel.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
  }

  /// The next request comes only when this answer is taken. Who sends requests and takes no answers gets no more of them
  /// heaped up.
  private func endAnswer(_ context: ChannelHandlerContext) {
    isUntaken = !context.channel.isWritable
    guard !isUntaken else { return }
    isBusy = false
    deliverWaiting()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if isUntaken, context.channel.isWritable {
      watch.answerWritten()
      endAnswer(context)
    }
    context.fireChannelWritabilityChanged()
  }

  private func reset(_ context: ChannelHandlerContext) {
    let channel = context.channel
    guard let socket = channel as? any SocketOptionProvider else { return channel.close(promise: nil) }
    socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
  }

  // MARK: Bad clients

  /// What cannot be parsed is answered once, if a request is not being answered already, and the connection closed.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard exchange == nil, let error = error as? HTTPParserError else {
      context.close(promise: nil)
      return
    }
    keepAlive = false
    let refusal: CallError =
      error == .headerOverflow ? .headTooLarge : .badRequest("the request is no valid HTTP/1.1: \(error)")
    // A connection that ends in the middle is a client that left, not one that wrote nonsense.
    let reason: CallError = error == .invalidEOFState ? .cancelled : refusal
    if !abandonArrival(reason) { core.metrics.shed(refusal.row.errorType) }
    dismiss(refusal)
  }

  /// Ends, in the log, a request whose head has come and whose body will not.
  /// - Returns: whether there was one.
  private func abandonArrival(_ error: CallError) -> Bool {
    guard let arrival else { return false }
    self.arrival = nil
    arrival.exchange.abandon(error, by: arrival.exchange.loop.scribe)
    return true
  }

  private func dismiss(_ error: CallError) {
    var headers: [String] = []
    if case .shed = error { headers.append("retry-after: \(Self.retryAfter)") }
    watch.dismiss(with: Problem(error, service: core.environment.replica, trace: nil).answer, headers: headers)
  }

  /// Looks now and then whether the client is still sending its request, or any.
  private func scheduleCheck(_ context: ChannelHandlerContext) {
    let limits = [core.configuration.requestTimeout, core.configuration.idleTimeout]
    let period = max(1, (limits.min() ?? .seconds(1)).milliseconds / 4)
    let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: .milliseconds(Int64(clamping: period))) { handler.value.check() }
  }

  private func check() {
    guard let context else { return }
    defer { scheduleCheck(context) }
    guard exchange == nil else { return }
    switch watch.verdict(
      now: Monotonic.now(), requestTimeout: core.configuration.requestTimeout,
      idleTimeout: core.configuration.idleTimeout)
    {
    case .fine: return
    case .idle: context.close(promise: nil)
    case .slow:
      keepAlive = false
      watch.requestComplete()
      if !abandonArrival(.requestTimeout) { core.metrics.shed(CallError.requestTimeout.row.errorType) }
      dismiss(.requestTimeout)
    }
  }
}

extension HTTPServerRequestPart {
  fileprivate var isHead: Bool {
    if case .head = self { true } else { false }
  }
}
