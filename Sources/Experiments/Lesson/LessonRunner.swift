import ChainModel
package import ChainSimulator
import Foundation
package import Lessons
import Supervisor

/// Runs the cells of lessons that have not been run, one after the other, and says how it goes.
package struct LessonRunner {
  let store: LessonStore
  let isQuick: Bool
  /// Runs again what has been run.
  let isAgain: Bool
  let seeds: Int?
  let costs: StepCostTable

  /// - Parameters:
  ///   - store: where results are kept, and may be already.
  ///   - isQuick: whether runs are short, of one seed, and only of the cells that are meant for that.
  ///   - isAgain: whether what has been run is run again.
  ///   - seeds: how many, instead of the lesson's own number.
  ///   - costs: of the steps, for the simulations beside the runs.
  package init(store: LessonStore, isQuick: Bool, isAgain: Bool, seeds: Int?, costs: StepCostTable = .usual) {
    (self.store, self.isQuick, self.isAgain) = (store, isQuick, isAgain)
    (self.seeds, self.costs) = (seeds, costs)
  }

  private static let tries = 3
  /// On a machine that other programs keep busy, a third run would find it no quieter.
  private static let busyTries = 2

  struct Job {
    var lesson: Lesson
    var cell: Lesson.Cell
    var seed: Int

    func seconds(quick: Bool) -> Double {
      let measured = quick ? cell.load.quickDuration ?? cell.load.duration : cell.load.duration
      // Launching, draining and reading take about as long.
      return cell.load.warmUp.seconds + measured.seconds + 1.5
    }
  }

  package func seeds(of lesson: Lesson) -> Int { seeds ?? (isQuick ? 1 : lesson.seeds) }

  /// - Returns: false when it was interrupted.
  package func run(_ lessons: [Lesson]) async throws -> Bool {
    let jobs = lessons.flatMap { lesson in
      (1...seeds(of: lesson)).flatMap { seed in
        lesson.cells.filter { !isQuick || $0.isQuick }.map { Job(lesson: lesson, cell: $0, seed: seed) }
      }
    }
    let due = jobs.filter { job in
      isAgain || store.result(job.lesson, job.cell, seed: job.seed, quick: isQuick) == nil
    }
    if due.count < jobs.count { Terminal.note("\(jobs.count - due.count) of \(jobs.count) runs are there already") }
    var left = due.reduce(0.0) { $0 + $1.seconds(quick: isQuick) }
    for (number, job) in due.enumerated() {
      guard !Interruption.hasCome else { return false }
      Terminal.note(
        "\(number + 1)/\(due.count)  \(job.lesson.experiment) \(job.lesson.name): \(job.cell.name), seed \(job.seed); "
          + "about \(FigureText.seconds(left)) to go")
      guard try await run(job) else { return false }
      left -= job.seconds(quick: isQuick)
    }
    return true
  }

  /// A run that does not count is run again, a few times.
  private func run(_ job: Job) async throws -> Bool {
    let folder = store.folder(job.lesson, job.cell, seed: job.seed, quick: isQuick)
    for attempt in 1...Self.tries {
      // A run that was killed has left its chain.
      if FileManager.default.fileExists(atPath: folder) {
        _ = try? ChainLauncher(root: folder, binaries: LabFolder.binaries).down()
      }
      try? FileManager.default.removeItem(atPath: folder)
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let trial = CellTrial(
        lesson: job.lesson, cell: job.cell, seed: job.seed, isQuick: isQuick, root: folder, costs: costs)
      guard let result = try await interruptible(trial) else {
        try? FileManager.default.removeItem(atPath: folder)
        return false
      }
      // The logs of one seed are enough to look at.
      if job.seed > 1 { try? FileManager.default.removeItem(atPath: "\(folder)/runs") }
      let tries = result.discarded == nil ? Self.busyTries : Self.tries
      let busy = job.lesson.isOpenToLoad ? result.busy : nil
      guard let reason = result.discarded ?? busy, attempt < tries else {
        try store.keep(result, in: folder)
        return true
      }
      Terminal.note("   run again, because \(reason)")
    }
    return true
  }

  /// Nil when it was interrupted; no chain is left then.
  private func interruptible(_ trial: CellTrial) async throws -> CellResult? {
    let result = await Interruption.cancelling { try await trial.run() }
    return Interruption.hasCome ? nil : try result.get()
  }
}
