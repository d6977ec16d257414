package import ChainModel
import Glibc

extension Listener {
  /// Listens on an address and, if that is 127.0.0.1, on ::1 too: `localhost` means either.
  /// - Parameters:
  ///   - endpoint: an address, and the port of both, 0 for any.
  ///   - make: makes each.
  /// - Returns: the listeners, and whether somebody else has the port on ::1; a host without IPv6 has no such address.
  /// - Throws: when the port cannot be had on the address itself.
  package static func pair(
    _ endpoint: Endpoint, _ make: (Endpoint) throws(Failure) -> Listener
  ) throws(Failure) -> (listeners: [Listener], isTwinTaken: Bool) {
    let main = try make(endpoint)
    guard endpoint.host == Endpoint.loopback else { return ([main], false) }
    do throws(Failure) {
      return ([main, try make(Endpoint("::1", port: main.port))], false)
    } catch {
      return ([main], error.code == EADDRINUSE)
    }
  }
}

/// Says why connections wait, once in a while and not with each attempt. Touched on the listener's loop only.
package final class ShortageNote {
  private let say: (String) -> Void
  private var toldAt: UInt64?

  private static let pause: UInt64 = 10_000_000_000

  package init(_ say: @escaping (String) -> Void) {
    self.say = say
  }

  package func tell(_ reason: String) {
    let now = Monotonic.now()
    if let toldAt, now &- toldAt < Self.pause { return }
    toldAt = now
    say(reason)
  }
}
