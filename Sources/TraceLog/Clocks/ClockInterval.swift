/// The four times of a call, two on each side's clock, in nanoseconds.
package struct CallTimes: Hashable, Sendable {
  /// On the caller's clock: before the request was sent, and after the answer was there.
  package var sent, returned: UInt64
  /// On the callee's: after the request was read, and before the answer was sent.
  package var arrived, answered: UInt64

  package init(sent: UInt64, arrived: UInt64, answered: UInt64, returned: UInt64) {
    (self.sent, self.arrived, self.answered, self.returned) = (sent, arrived, answered, returned)
  }

  /// How far the callee's clock may be ahead of the caller's: no request arrives before it is sent, and no answer before
  /// it is given (Cristian, "Probabilistic clock synchronization", 1989). It holds whatever the network did.
  package var ahead: ClockInterval {
    ClockInterval(
      least: Int64(bitPattern: answered &- returned), most: Int64(bitPattern: arrived &- sent))
  }
}

/// Between what and what the difference of two clocks lies, in nanoseconds. Empty where calls contradict one another.
package struct ClockInterval: Hashable, Sendable {
  package var least: Int64
  package var most: Int64

  package init(least: Int64, most: Int64) {
    (self.least, self.most) = (least, most)
  }

  package var isEmpty: Bool { least > most }

  /// The estimate.
  package var middle: Int64 { least &+ (most &- least) / 2 }

  /// The truth is no further from the middle.
  package var bound: UInt64 {
    let width = UInt64(bitPattern: most &- least)
    return isEmpty ? 0 : width / 2 + width % 2
  }

  /// The same of the two clocks the other way round.
  package var mirrored: ClockInterval { ClockInterval(least: 0 &- most, most: 0 &- least) }
}
