import ChainModel

/// What one simulated event loop has in flight, and whether it takes in more: as the services' `LoopLoad`.
struct SimulatedLoopLoad {
  var adaptive: AdaptiveLimit
  var inFlight = 0

  init(_ service: SimulatedService) {
    adaptive = AdaptiveLimit(most: (service.inFlightLimit.most - 1) / service.loops + 1, at: 0)
  }
}

/// Overload, in the models of event loops: as in the services' `Admission`. To refuse a request takes no time here.
extension Simulation {
  /// The loop has come to a request that has reached its service: whether it is served.
  mutating func isTakenIn(_ frame: Int, _ place: Int) -> Bool {
    let loop = frames.loop[frame]
    guard loop >= 0 else { return true }
    if stations[place].isAdaptive {
      let load = loopLoads[loop]
      let waited = load.adaptive.asksForWait ? now - frames.queuedAt[frame] : nil
      let held = stations[place].threads + min(stations[place].queueLimit, InFlightLimit.range.upperBound)
      let least = (held - 1) / stations[place].loops + 1
      guard loopLoads[loop].adaptive.arrive(waited: waited, inFlight: load.inFlight, least: least, at: now) else {
        return false
      }
    }
    loopLoads[loop].inFlight += 1
    return true
  }

  /// A request has its answer.
  mutating func leaveLoop(_ frame: Int) {
    guard frames.loop[frame] >= 0 else { return }
    loopLoads[frames.loop[frame]].inFlight -= 1
  }

  /// A thread begins to work for a request of a loop.
  mutating func noteHelperWait(_ frame: Int) {
    let since = frames.queuedAt[frame]
    loopLoads[frames.loop[frame]].adaptive.note(.threads, now - since, since: since)
  }

  /// Refused, in its turn at the loop.
  mutating func shed(_ frame: Int) {
    let place = frames.station[frame]
    stations[place].tally.refused += 1
    stations[place].tally.flightTime &+= now - frames.acceptedAt[frame]
    stations[place].inFlight.change(by: -1, at: now)
    (frames.result[frame], frames.cause[frame]) = (.overload, .overload)
    frames.status[frame] = names.status(.overload)
    logDropped(frame, .overload)
    suspend(frame)
    goBack(frame)
  }
}
