import EventLoop
import Synchronization

/// The browsers that follow the chain. Each event is a whole state, so one that does not keep up is passed over, and
/// nothing is ever kept for it but the rest of one event; one that takes nothing for long loses its connection.
final class EventStreams: @unchecked Sendable {  // `streams` is touched on the loop only
  private let loop: EventLoop
  private let limit: Int
  private var streams: [ServerConnection] = []
  private let open = Atomic(0)

  init(_ loop: EventLoop, limit: Int) {
    self.loop = loop
    self.limit = limit
  }

  /// How many there were at the last event.
  var count: Int { open.load(ordering: .relaxed) }

  /// On the loop.
  /// - Returns: false if there are as many as there may be.
  func add(_ connection: ServerConnection) -> Bool {
    forgetClosed()
    guard streams.count < limit else { return false }
    streams.append(connection)
    open.store(streams.count, ordering: .relaxed)
    return true
  }

  func send(_ event: String, _ json: [UInt8]) {
    let frame = Self.frame(event, json)
    loop.execute { [self] in
      forgetClosed()
      for connection in streams { connection.goOn(with: frame) }
    }
  }

  private func forgetClosed() {
    streams.removeAll { !$0.isOpen }
    open.store(streams.count, ordering: .relaxed)
  }

  /// JSON has no line breaks of its own, so it is one `data` line.
  static func frame(_ event: String, _ json: [UInt8]) -> [UInt8] {
    Array("event: \(event)\ndata: ".utf8) + json + Array("\n\n".utf8)
  }
}
