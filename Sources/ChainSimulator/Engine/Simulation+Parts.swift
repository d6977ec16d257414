import TraceLog

/// What a request does at the same time. Each part has a frame of its own; the request goes on when the last has ended. In
/// the models of event loops the parts wait on the request's loop; where requests hold threads, one more is hired for each.
extension Simulation {
  /// A part of a request that holds a thread: a hired thread does all of it.
  @inline(__always)
  func isHeldPart(_ frame: Int) -> Bool { frames.main[frame] >= 0 && frames.model[frame].holdsThread }

  mutating func beginParts(_ frame: Int, _ place: Int) {
    let step = program.steps[place]
    (frames.rest[frame], frames.result[frame]) = (step.parts.count, .ok)
    frames.doing[frame] = .join
    frames.label[frame] = step.name
    if frames.model[frame].holdsThread { startWait(frame, .join) }
    frames.phase[frame] = .joining
    for start in step.parts {
      guard let part = newPart(of: frame, start) else { return }
      parts[frame, default: []].append(part)
    }
    for part in parts[frame] ?? [] {
      if isHeldPart(part) { takeHelper(part) } else { advance(part) }
    }
    suspend(frame)
  }

  private mutating func newPart(of frame: Int, _ start: Int) -> Int? {
    guard let part = newFrame() else { return nil }
    frames.main[part] = frame
    frames.step[part] = start
    frames.join[part] = frames.wait[frame]
    frames.station[part] = frames.station[frame]
    frames.model[part] = frames.model[frame]
    frames.route[part] = frames.route[frame]
    frames.loop[part] = frames.loop[frame]
    frames.deadline[part] = frames.deadline[frame]
    frames.suffering[part].query = frames.suffering[frame].query
    frames.trace[part] = frames.trace[frame]
    frames.span[part] = frames.span[frame]
    return part
  }

  /// The thread that was hired for it begins.
  mutating func startPart(_ part: Int) {
    let refusal = refusal(part)
    logPart(.workStart, part)
    guard refusal == .ok else { return finish(part, refusal) }
    advance(part)
  }

  mutating func endPart(_ part: Int, _ outcome: Outcome) {
    let frame = frames.main[part]
    if isHeldPart(part) {
      logPart(.workEnd, part)
      passOnHelper(part)
    } else {
      suspend(part)
    }
    if outcome != .ok, frames.result[frame] == .ok {
      frames.result[frame] = outcome
      frames.cause[frame] = frames.cause[part]
      frames.status[frame] = frames.status[part]
    }
    frames.giveBack(part)
    frames.rest[frame] -= 1
    guard frames.rest[frame] == 0 else { return }
    parts[frame] = nil
    post(frame, .waited)
  }
}
