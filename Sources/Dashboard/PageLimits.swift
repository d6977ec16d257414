/// What the page keeps and whom it waits for, by size and by time: whatever comes, its process stays small. What it lets go
/// of is still in the log.
package struct PageLimits: Sendable {
  /// Slices and changes of queues of one timeline: 32 bytes each, in room for three times as many at most.
  package var slices = 2_000_000
  /// How far back the timeline of a run goes.
  package var age = Duration.seconds(30 * 60)
  /// How long the timeline of the running chain, and that of another run, is kept when nobody looks at it.
  package var unseen = Duration.seconds(60)
  package var unseenPast = Duration.seconds(5 * 60)
  package var connections = 256
  /// Connections that follow the chain.
  package var streams = 64
  /// How long a request may take to come in whole, and how long a client may take nothing of its answer.
  package var patience = Duration.seconds(60)

  package init() {}
}
