/// Runs a request as an async function on its event loop; whatever blocks is done by a hired thread.
struct HiredHost: Host {
  func admit(_ exchange: Exchange) {
    AsyncHost.run(exchange, over: HiredTransport())
  }
}
