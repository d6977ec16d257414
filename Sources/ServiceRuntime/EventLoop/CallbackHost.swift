import ChainModel

/// Runs a request by callbacks on its event loop.
struct CallbackHost: Host {
  func admit(_ exchange: Exchange) {
    if exchange.isTooLate { return exchange.refuse(.shed(.late), by: exchange.loop.scribe) }
    exchange.begin(by: exchange.loop.scribe)
    LoopFaults.suffer(exchange) { error in
      if let error { return exchange.finish(.failure(error), by: exchange.loop.scribe) }
      let request = CallbackRequest(exchange: exchange, transport: EventLoopTransport())
      exchange.route.handler.callbacks(request) { exchange.finish($0, by: exchange.loop.scribe) }
    }
  }
}
