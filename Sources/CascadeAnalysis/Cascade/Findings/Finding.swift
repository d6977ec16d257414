/// Something that would help, or that must be known to read the rest.
///
/// Keys: `check` (which rule), `severity`, `service` (absent for the chain as a whole), `summary` (a few words),
/// `text` (a full sentence: what is so, what follows, what to do), `look` (a command that shows it).
package struct Finding: Encodable, Hashable, Sendable {
  package enum Check: String, Encodable, CaseIterable, Sendable {
    case deadlock
    case fullPoolWaiting = "full_pool_waiting"
    case fullPoolWorking = "full_pool_working"
    case blockingCallOnLoop = "blocking_call_on_loop"
    case loopSaturated = "loop_saturated"
    case hostBusy = "host_busy"
    case timeoutsDoNotNest = "timeouts_do_not_nest"
    case queueLongerThanDeadline = "queue_longer_than_deadline"
    case retriesMultiply = "retries_multiply"
    case requestsShed = "requests_shed"
    case unevenReplicas = "uneven_replicas"
    case bystandersDelayed = "bystanders_delayed"
    case processDied = "process_died"
    case fullWithoutDemand = "full_without_demand"
    case logIncomplete = "log_incomplete"
  }

  package enum Severity: String, Encodable, Sendable {
    case red
    case amber
    /// Good to know: there is nothing to mend.
    case note
  }

  package var check: Check
  package var severity: Severity
  package var service: String?
  package var summary: String
  package var text: String
  package var look: String?
}
