import CPlatform
import Glibc

/// Something with a descriptor that an event loop watches. Touched on the loop only.
package class Watched {
  /// −1 once it is closed.
  package private(set) var descriptor: Int32
  /// The loop's epoll, once it knows it: what it is watched for may be nothing at the moment, and it is known all the same.
  var epoll: Int32 = -1
  var isRegistered: Bool { epoll >= 0 }

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  package var isOpen: Bool { descriptor >= 0 }

  /// Something has happened that it is watched for, or an error, which nobody has to ask for.
  func ready(_ events: UInt32) {}

  /// Closes the descriptor.
  /// - Returns: false if it was closed already.
  func closeDescriptor() -> Bool {
    guard isOpen else { return false }
    // A program that another thread starts has a copy of each descriptor for a moment. Closed here alone, this one would
    // have events all the same, for an object that is gone.
    if isRegistered { _ = chain_epoll_control(epoll, EPOLL_CTL_DEL, descriptor, 0, nil) }
    Glibc.close(descriptor)
    descriptor = -1
    return true
  }
}

/// What can happen to a descriptor, as the kernel numbers it.
enum Readiness {
  static let input = EPOLLIN.rawValue
  static let output = EPOLLOUT.rawValue
  /// The other side has nothing more to send.
  static let halfClosed = EPOLLRDHUP.rawValue
  /// Broken, or closed both ways.
  static let dead = EPOLLERR.rawValue | EPOLLHUP.rawValue
}
