import ChainModel
import EventLoop

/// Runs a request as an async function on its event loop; its calls are made from that loop.
struct AsyncHost: Host {
  func admit(_ exchange: Exchange) {
    Self.run(exchange, over: EventLoopTransport())
  }

  static func run(_ exchange: Exchange, over transport: any LoopTransport) {
    if exchange.isTooLate { return exchange.refuse(.shed(.late), by: exchange.loop.scribe) }
    exchange.begin(by: exchange.loop.scribe)
    LoopFaults.suffer(exchange) { error in
      if let error { return exchange.finish(.failure(error), by: exchange.loop.scribe) }
      Task(executorPreference: exchange.loop.eventLoop) {
        let result = await serve(AsyncRequest(exchange: exchange, transport: transport))
        exchange.finish(result, by: exchange.loop.scribe)
      }
    }
  }

  private static func serve(_ request: AsyncRequest) async -> Result<Answer, CallError> {
    do {
      return .success(try await request.exchange.route.handler.nonBlocking(request))
    } catch {
      return .failure(error)
    }
  }
}
