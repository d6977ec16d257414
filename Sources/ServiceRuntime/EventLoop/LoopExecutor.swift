import NIOCore

/// Runs the jobs of async functions on one event loop, so that a handler never leaves the loop that owns its connection.
///
/// Jobs are always deferred to the loop's next turn: run at once, they would nest in the code that resumed them.
final class LoopExecutor: TaskExecutor {
  private let eventLoop: any EventLoop

  init(_ eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    eventLoop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
