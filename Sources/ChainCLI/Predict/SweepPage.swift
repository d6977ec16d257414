import ChainModel
import ChainSimulator
import Experiments
import Lessons

/// A sweep as a page with plots.
struct SweepPage {
  let sweep: Sweep
  /// Where it is not what is varied.
  let load: SimulatedLoad.Arrival
  let options: SimulationOptions

  var page: PlotPage {
    let columns = PredictSweep.columns(sweep)
    return PlotPage(
      title: "What \(sweep.subject) does to the chain", words: [capitalised(sweep.kneeText) + ".", about],
      notes: [
        "Simulated by chainlab \(Version.text), each value with the same arrivals (seed \(options.seed)). What a request "
          + "costs a processor is assumed, so that figures near the limit of the processors are the least certain."
      ], plots: plots, head: columns.map(\.title),
      rows: sweep.points.map { point in columns.map { $0.cell(point) } })
  }

  private var about: String {
    let load =
      switch sweep.subject {
      case "rate": "open loop, its rate varied"
      case "closed": "closed loop, its clients varied"
      default: self.load.text
      }
    let settings = options.set.isEmpty ? "" : ", with \(options.set.joined(separator: ", "))"
    let faults = options.fault.isEmpty ? "" : "; faults: \(options.fault.joined(separator: ", "))"
    let what =
      options.system.map { "of \($0)" } ?? options.path.map { "path \($0)" } ?? "the entries of the description"
    return "Load: \(load), \(what), \(options.duration) after \(options.warmUp) of warm-up, on "
      + "\(options.processors) processors\(settings)\(faults)."
  }

  private func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  private var plots: [LinePlot] {
    let times: [Objective.Measure] = [.mean, .p50, .p99]
    let rates: [Objective.Measure] = [.throughput, .goodput]
    return [
      plot("Answers", "/s", rates.map { measure in line(measure.rawValue) { $0.figures[measure] } }),
      plot("Response time", "s", times.map { measure in line(measure.rawValue) { $0.figures[measure] } }),
      plot("Busy threads, on average", "", services { $0.held }),
      plot("Requests that wait for a thread, on average", "", services { $0.queued }),
    ]
  }

  private func services(_ value: @escaping (SweepPoint.Service) -> Double) -> [LinePlot.Line] {
    (sweep.points.first?.services ?? []).indices.map { index in
      line(sweep.points[0].services[index].service) { value($0.services[index]) }
    }
  }

  private func line(_ name: String, _ value: (SweepPoint) -> Double) -> LinePlot.Line {
    LinePlot.Line(name: name, values: sweep.points.map(value))
  }

  private func plot(_ title: String, _ unit: String, _ lines: [LinePlot.Line]) -> LinePlot {
    LinePlot(
      title: title, unit: unit, subject: sweep.subject, labels: sweep.points.map(\.value), lines: lines,
      mark: sweep.knee.map { (index: $0.index, text: "knee at \($0.value)") })
  }
}
