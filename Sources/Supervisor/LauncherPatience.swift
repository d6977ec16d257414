/// How long a launcher waits for what it cannot hurry.
package struct LauncherPatience: Hashable, Sendable {
  /// For another `up` or `down` to end.
  package var lock: Duration
  /// For the supervisor to make the chain ready; longer than it waits for its services itself.
  package var ready: Duration
  /// For the supervisor to end; longer than it waits for its services itself.
  package var down: Duration
  /// For replicas that were asked for; it begins anew as long as one drains.
  package var scale: Duration
  /// For services that a killed supervisor has left.
  package var stop: Duration

  package init(
    lock: Duration = .seconds(60), ready: Duration = .seconds(40), down: Duration = .seconds(20),
    scale: Duration = .seconds(30), stop: Duration = .seconds(5)
  ) {
    self.lock = lock
    self.ready = ready
    self.down = down
    self.scale = scale
    self.stop = stop
  }
}
