import Atomics
import CPlatform
import ChainModel
import TraceLog

/// `GET /metrics` in Prometheus' text format 0.0.4, with OpenTelemetry's names.
struct MetricsText {
  let core: ServiceCore
  let loops: [LoopContext]

  func render() -> String {
    let pool = core.workers.snapshot
    let metrics = core.metrics.snapshot
    var lines: [String] = []
    histogram(metrics, into: &lines)
    gauge(
      "http_server_active_requests", "Requests admitted and not yet answered.",
      [("", core.inFlight.load(ordering: .relaxed))], &lines)
    gauge(
      "chainlab_in_flight_limit", "How many requests may be in flight: fewer while the service sheds overload.",
      [("", core.admission.inForce(loops).limit)], &lines)
    gauge("chainlab_connections", "Open client connections.", [("", core.connections.load(ordering: .relaxed))], &lines)
    gauge("chainlab_heap_bytes", "Bytes of the heap in use.", [("", chain_heap_bytes())], &lines)
    gauge("chainlab_pool_size", "Threads of the worker pool.", [("", pool.threads)], &lines)
    gauge("chainlab_pool_busy", "Worker threads that hold a request.", [("", pool.busy)], &lines)
    gauge("chainlab_pool_queued", "Requests in the worker pool's queue.", [("", pool.queued)], &lines)
    gauge(
      "chainlab_io_model", "1 for the IO model in force.",
      IOModel.allCases.map { (#"{model="\#($0.rawValue)"}"#, $0 == core.modes.model ? 1 : 0) }, &lines)
    let roles = [ThreadRole.worker, .loop, .hired, .store, .control]
    gauge(
      "chainlab_threads", "Threads by role.",
      roles.map { (#"{role="\#($0.name)"}"#, core.environment.threads($0)) }, &lines)
    lines.append("# HELP chainlab_refused_total Requests refused, by reason.")
    lines.append("# TYPE chainlab_refused_total counter")
    for (reason, count) in metrics.refusals.sorted(by: { $0.key < $1.key }) {
      lines.append(#"chainlab_refused_total{reason="\#(reason)"} \#(count)"#)
    }
    lines.append("# HELP chainlab_log_dropped_total Trace records that found no room.")
    lines.append("# TYPE chainlab_log_dropped_total counter")
    lines.append("chainlab_log_dropped_total \(core.environment.log?.dropped ?? 0)")
    return lines.joined(separator: "\n") + "\n"
  }

  private func gauge(_ name: String, _ help: String, _ samples: [(labels: String, value: Int)], _ lines: inout [String])
  {
    lines.append("# HELP \(name) \(help)")
    lines.append("# TYPE \(name) gauge")
    for sample in samples { lines.append("\(name)\(sample.labels) \(sample.value)") }
  }

  private func histogram(_ metrics: Metrics.State, into lines: inout [String]) {
    let name = "http_server_request_duration_seconds"
    lines.append("# HELP \(name) Time from a request's head to its answer.")
    lines.append("# TYPE \(name) histogram")
    for (key, histogram) in metrics.durations.sorted(by: {
      ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
    }) {
      let route = core.router.routes[key.route]
      let labels =
        #"http_request_method="\#(route.method)",http_route="\#(route.template)",http_response_status_code="\#(key.status)""#
      var cumulative = 0
      for (bound, count) in zip(Metrics.bounds, histogram.buckets) {
        cumulative += count
        lines.append(#"\#(name)_bucket{\#(labels),le="\#(bound)"} \#(cumulative)"#)
      }
      lines.append(#"\#(name)_bucket{\#(labels),le="+Inf"} \#(histogram.count)"#)
      lines.append("\(name)_sum{\(labels)} \(histogram.seconds)")
      lines.append("\(name)_count{\(labels)} \(histogram.count)")
    }
  }
}
