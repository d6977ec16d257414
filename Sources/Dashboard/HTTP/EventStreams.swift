import EventLoop
import Synchronization

/// The browsers that follow the chain. Each event is a whole state, so one that does not keep up is passed over, and
/// nothing is ever kept for it but the rest of one event; one that takes nothing for long loses its connection.
final class EventStreams: @unchecked Sendable {  // `streams` is touched on the loop only
  private let loop: EventLoop
  private let limit: Int
  private var streams: [Stream] = []
  private let open = Atomic(0)
  private let openExplaining = Atomic(0)

  private struct Stream {
    let connection: ServerConnection
    /// Whether it wants what it takes long to find out.
    let isExplaining: Bool
  }

  init(_ loop: EventLoop, limit: Int) {
    self.loop = loop
    self.limit = limit
  }

  /// How many there were at the last event.
  var count: Int { open.load(ordering: .relaxed) }

  /// Those of them that want an explanation.
  var explaining: Int { openExplaining.load(ordering: .relaxed) }

  /// On the loop.
  /// - Returns: false if there are as many as there may be.
  func add(_ connection: ServerConnection, isExplaining: Bool) -> Bool {
    forgetClosed()
    guard streams.count < limit else { return false }
    streams.append(Stream(connection: connection, isExplaining: isExplaining))
    count(streams)
    return true
  }

  /// - Parameters:
  ///   - event: its name.
  ///   - json: the whole state that it tells.
  ///   - toAll: false: only to those that want an explanation.
  func send(_ event: String, _ json: [UInt8], toAll: Bool = true) {
    let frame = Self.frame(event, json)
    loop.execute { [self] in
      forgetClosed()
      for stream in streams where toAll || stream.isExplaining { stream.connection.goOn(with: frame) }
    }
  }

  private func forgetClosed() {
    streams.removeAll { !$0.connection.isOpen }
    count(streams)
  }

  private func count(_ streams: [Stream]) {
    open.store(streams.count, ordering: .relaxed)
    openExplaining.store(streams.count(where: \.isExplaining), ordering: .relaxed)
  }

  /// JSON has no line breaks of its own, so it is one `data` line.
  static func frame(_ event: String, _ json: [UInt8]) -> [UInt8] {
    Array("event: \(event)\ndata: ".utf8) + json + Array("\n\n".utf8)
  }
}
