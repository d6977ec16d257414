import CascadeAnalysis
import ChainModel
import TraceLog

/// Blame by its definition and nothing else: at each slice of time between two records, every blocked thread's chain is
/// followed from scratch through a `ChainReplay`. Slow, and independent of the fold.
///
/// For logs of the blocking model, without locks.
struct NaiveBlame {
  /// By sink in words, thread-nanoseconds.
  private(set) var blamed: [String: Double] = [:]
  private(set) var blocked: Double = 0
  private var replay = ChainReplay()
  private let strings: LogStrings

  init(_ snapshot: LogSnapshot) {
    strings = snapshot.strings
    replay.learn(snapshot)
    var last = snapshot.records.first?.time ?? 0
    for record in snapshot.records {
      if record.time > last { add(slice: Double(record.time - last)) }
      last = record.time
      replay.apply(record)
    }
    if snapshot.takenAt > last { add(slice: Double(snapshot.takenAt - last)) }
  }

  private mutating func add(slice: Double) {
    for process in replay.processes.values {
      for thread in process.threads.values {
        guard case .blocked = thread.state else { continue }
        blocked += slice
        for (sink, share) in distribution(thread, process) { blamed[sink, default: 0] += share * slice }
      }
    }
  }

  private func distribution(_ thread: ThreadReplay, _ process: ProcessReplay) -> [String: Double] {
    switch thread.state {
    case .idle: return ["\(process.name) dispatch delay": 1]
    case .running: return ["\(process.name) running": 1]
    case .blocked(let wait):
      guard wait.cause == .call else { return ["\(process.name) \(wait.cause.name) \(strings[wait.target])": 1] }
      guard let key = replay.callee(of: wait.id), let callee = replay.processes[key.process],
        let request = replay.request(key)
      else { return ["in transit \(process.name) → \(strings[wait.target])": 1] }
      if request.phase == .queued { return queue(callee) }
      guard let tid = request.thread, let runs = callee.threads[tid] else {
        return ["\(callee.name) dispatch delay": 1]
      }
      return distribution(runs, callee)
    }
  }

  private func queue(_ process: ProcessReplay) -> [String: Double] {
    let workers = process.threads.values.filter { $0.role == .worker }
    var sum: [String: Double] = [:]
    for worker in workers {
      for (sink, share) in distribution(worker, process) { sum[sink, default: 0] += share / Double(workers.count) }
    }
    return sum
  }
}
