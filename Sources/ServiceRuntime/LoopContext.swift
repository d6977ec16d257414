import ChainModel
import NIOCore
import TraceLog

/// What belongs to one event loop of the service port: its pen, its ids, its connections to callees, its executor.
final class LoopContext: @unchecked Sendable {  // its variables are touched on its event loop only
  let eventLoop: any EventLoop
  let scribe: Scribe
  let executor: LoopExecutor
  private(set) var ids = IDGenerator()
  let client: EventLoopClient
  let load: LoopLoad

  /// Call it on the loop.
  init(eventLoop: any EventLoop, scribe: Scribe, mostInFlight: Int) {
    self.eventLoop = eventLoop
    self.scribe = scribe
    executor = LoopExecutor(eventLoop)
    client = EventLoopClient(eventLoop: eventLoop)
    load = LoopLoad(most: mostInFlight)
  }

  func nextSpan() -> SpanID { ids.nextSpan() }

  func nextTrace() -> TraceID { ids.nextTrace() }
}
