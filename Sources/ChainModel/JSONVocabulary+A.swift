extension JSONVocabulary {
  /// `name | form | unit | meaning`, for names up to `l`.
  static let rowsToL = """
    a | list | | the runs to compare with
    a | object | | what those runs say of a figure
    abandoned | number | requests | calls or requests that were given up while the callee went on
    abandoned_in_queue | number | requests | requests that nobody wanted any more while they were queued
    abandoned_ns | number | ns | time spent for requests that nobody wanted any more
    above_noise | flag | | it stands out of what the quiet window varies by
    added_ns | number | ns | time that was added to the mean request
    added_threads | number | threads | how many more threads a change takes, over all processes
    admission | object | | which requests are let in, and what becomes of those whose caller has left
    advice | object | | what would meet the objective
    after_change | flag | | the prediction begins at a change of settings
    ago_ns | number | ns | how long ago, at the moment of the dump
    agree | number | samples | of the samples compared, those in which kernel and log agree
    all | object | | requests that ended, however they did
    amplification | number | 1 | thread-seconds of callers for each second of a cause
    amplification | object | | what a second of the root cause costs its callers
    answered_per_s | number | /s | requests answered per second, with whatever status
    answers_after_per_s | number | /s | answers per second after the event
    answers_before_per_s | number | /s | answers per second before the event
    arrivals_per_s | number | /s | requests that arrived per second
    arrivals_since_per_s | number | /s | requests that arrived per second from the first one on
    arrived | number | requests | requests that came in
    as1 | number | share | pairs whose cause was ranked first
    as3 | number | share | pairs whose cause was among the first three
    as5 | number | share | pairs whose cause was among the first five
    at_ns | number | ns | when, from the run's start
    attempt | number | 1 | which attempt of a call, from 1
    attempts | number | calls | calls made, further attempts included
    awaited | flag | | somebody else waits for it
    b | list | | the runs that are compared
    b | object | | what those runs say of a figure
    basis | text | | the service while which was saturated the verdict is about
    bench | text | | the part of the benchmark
    best | object | | what the chain without limits comes to
    binds | text | | what keeps the chain from serving more
    blame | list | | causes of waiting threads, the largest first
    blamed_ns | number | ns | thread time that waited for this in the end
    blocked | number | threads | threads that are blocked
    blocked_ns | map | ns | thread time that was blocked, by cause
    blocked_ns | number | ns | thread time that was blocked
    blocked_share | number | share | of the threads' time, the share that was blocked
    breakers | map | | the breaker before each callee: closed, open or half-open
    brief | flag | | it was saturated for a moment only
    busy | number | threads | threads that are not idle
    by_error | map | requests | requests without an answer, by reason
    by_service | map | | the same, by service
    by_service_ns | map | ns | the same, by service
    by_status | map | requests | answers by HTTP status
    bystanders | list | | routes that need no other service and were delayed all the same
    call_ns | number | ns | processor time of a call
    callee | text | | the service that is called
    callee_threads | number | threads | threads of the callee
    caller | text | | the service that calls
    caller_threads | number | threads | threads of the caller
    calls | number | calls | calls of this kind
    cancelled | flag | | the load was interrupted
    capture | map | share | of each caller's thread time, the share that waited for the root cause
    capture | number | share | of the ceiling, the share that was reached
    case | number | 1 | which case, from 1
    cases | list | | all cases
    cause | text | | what is waited for: call, connect, conn_pool, queue, db, file, lock, sleep, join, other
    causes | list | | the causes that the verdict names, the largest first
    ceiling | number | 1 | the most that amplification can come to
    cell | text | | the experiment of a lesson that a check looks at
    cells | number | experiments | experiments of a lesson
    chain | list | | from a waiting thread to what is waited for in the end
    chainlab | text | | the version
    change | object | | settings to change together
    change | text | | how a figure changed: more, less, within_noise, added, removed, not_known
    character | text | | what the threads of a full pool did: waited or worked
    check | text | | which rule found it
    checked | object | | how much was checked
    checks | list | | what a lesson predicts, beside what was measured
    claim | text | | what a lesson says
    clients | number | clients | clients of a closed loop
    clock_bound_ns | number | ns | how far times of two hosts may be wrong against one another
    clock_offset_ns | number | ns | how far a host's clock is ahead of that of the host with the entry service
    clock_rate_ppm | number | ppm | by how many millionths it runs faster
    code | text | | the source
    compared | number | samples | samples that could be compared
    complete | flag | | its beginning is in the log
    complete_since_ns | number | ns | from here on the log has lost nothing
    completions | number | places | places in the code that call a completion
    completions_per_s | number | /s | requests finished per second
    completions_since_per_s | number | /s | requests completed per second from the first one on
    confidence | number | share | resamplings of the windows in which the first cause came first
    configured | object | | the chain as services.yaml has it
    connection_limit | number | connections | connections that may be open
    connections | number | connections | connections that are open, or that a load has begun
    control | flag | | a case without a fault
    control | number | threads | threads of the control port
    control_port | number | | where it takes orders and shows its state
    controls | number | cases | cases without a fault
    converted | number | services | services that do not block any more
    corrected | object | | from when a request was due
    costs | text | | how it is known what steps cost a processor
    count | number | 1 | how many
    counts | map | 1 | how many, by name
    critical_path | list | | where the time of the trace went
    culprits | list | | what an event loop did while it stood still
    curve | text | | the curve that a figure is a point of
    cycle | flag | | it waits for itself
    damaged | number | places | parts of the log that make no sense
    dead | flag | | its process died
    deaths | list | | processes that died
    delayed | number | requests | requests that waited for an event loop
    delayed_ns | number | ns | how long they waited for it
    depth | number | 1 | how deep in the tree, or in the chain
    descriptor_limit | number | descriptors | file descriptors that a process may have
    detail | text | | in words
    died_while | text | | what a thread did when its process died
    difference | number | given by unit | the second less the first, or predicted less measured
    digest | text | | of the lesson's text
    disagreements | list | | samples in which kernel and log do not agree
    discarded | list | | runs that do not count, each with its reason
    discarded | text | | why the run does not count
    done | number | requests | requests that ended
    doubts | list | | what is doubtful about the measurement
    dropped | number | records | records that could not be written for lack of room
    due | number | requests | requests that were due
    duration_ms | number | ms | how long the load was to last
    duration_ns | number | ns | how long
    earliest_ns | number | ns | at the earliest
    edges | list | | how saturation spread, or which waits make a cycle
    elapsed_ms | number | ms | from the start to the last outcome
    end_ns | number | ns | when it ended
    ended | number | requests | requests that ended
    ended_at | text | ISO 8601 | when it ended
    ended_per_s | number | /s | requests that ended per second, however they did
    entry | text | | the service that clients ask
    error | number | share | predicted less measured, as a share of what was measured
    error_hand_offs | number | places | places in the code that pass an error on by hand
    error_share | number | share | of the requests, the share that was not good
    error_type | text | | why it failed, as OpenTelemetry's error.type
    errors | number | requests | requests that failed
    events | list | | what was changed or happened: faults, switches, deaths
    events | number | events | steps of a simulation
    evidence | list | | what speaks for a cause, in words
    exit | text | | how a process ended
    exit_code | number | | what it ended with
    experiment | text | | the number of a lesson
    failed | number | requests | requests that failed, without those that were refused
    failed_incident | number | share | failed requests in the bad window
    failed_quiet | number | share | failed requests in the quiet window
    failure | object | | why the chain did not start
    false_alarms | number | cases | cases without a fault in which a root cause was named
    fault | text | | the kind of fault
    faults | list | | faults in force, as they are given
    figure | text | | which figure
    figures | list | | figures, each with its name and unit
    figures | map | | figures by name
    figures | object | | what clients got
    file_ns | number | ns | processor time of an append to a file
    findings | list | | what would help, or must be known to read the rest
    first_onset_ns | number | ns | when it was saturated for the first time
    follows | flag | | nobody waited for it
    forbidden_by | list | | closed forms that no change can get round
    free_threads | number | threads | threads that were idle when it began
    from | text | | the value before
    from_ns | number | ns | the beginning of the window, from the run's start
    full_no_queue_ns | number | ns | how long the pool was full while nothing was queued
    fullness | text | | full or saturated
    good | object | | requests answered with a status below 400
    goodput_per_s | number | /s | good answers per second
    half_width_95 | number | given by unit | half the width of the 95 % confidence interval
    held | number | runs | of the runs, those in which the objective held
    held_by_root | number | threads | threads that the root cause held, on average
    held_ns | number | ns | thread time of the caller that calls to the callee held
    held_share | number | share | of the caller's threads, the share that calls to the callee held
    high | number | given by unit | the upper end of what is allowed, or of what was measured
    hired | number | threads | threads hired for blocking calls
    holds | flag | | what was checked is so
    holds | list | | which calls held threads of their callers
    holes | number | records | places of the log that a dead process left empty
    host | text | | the address where it is called, or that is asked
    hosts | list | | the hosts of a run over several, with their clocks
    hot_seconds | number | seconds | seconds in which an event loop was busy all the time
    idle | number | threads | threads that are idle
    idle | object | | threads that are idle, by role
    idle_ns | number | ns | thread time that was idle
    implied | text | | what the objective means besides what it says
    in_flight | number | requests | requests let in and not yet answered
    in_flight_limit | number | requests | requests that may be in flight
    in_flight_rule | text | | what the limit of requests in flight follows: adaptive, or the number
    in_force | flag | | it was still in force when the first pool was saturated
    incident | object | | what got slow or broke between a quiet window and a bad one
    incomplete | list | | why figures may be too small
    incomplete | map | 1 | what could not be judged, by reason
    index | number | 1 | which point of a sweep, from 0
    intervals | number | 1 | how many stretches make one saturation
    intervals_elsewhere | number | intervals | further times at which it was saturated
    invariant | text | | which invariant, I1 to I7
    is_quiet | flag | | nothing stands out of the noise
    judgement | text | | whether a prediction holds, says nothing, or is contradicted
    kernel | text | | what the kernel shows
    kind | text | | of which kind
    kinds | list | | the same, by kind of fault
    kinds | map | | the same, by kind of fault
    knee | object | | where goodput stops to grow
    lag_ns | number | ns | from the callee's saturation to the caller's
    last_end | text | | how its last process ended
    latest_ns | number | ns | at the latest
    least | number | given by unit | the smallest over the runs
    leave | text | | what becomes of a request whose caller has left: cancel or finish
    left_out | number | spans | spans beyond what is shown
    lesson | text | | the name of a lesson
    lessons | list | | lessons, each with its checks
    lifetime_ns | number | ns | how long the threads lived, summed up
    limit | number | /s or s | the bound of a closed form
    limit | text | | what binds the capacity, in words
    limits | object | | how much a service takes
    lines | number | lines | lines of code
    load | number | 1 | which load of the run, from 1
    load | object | | the load of a run
    load | text | | the load, in words
    load_from_ns | number | ns | when the load began, from the run's start
    load_threads | number | threads | threads that the load alone keeps busy
    load_to_ns | number | ns | when the load ended, from the run's start
    loads | number | loads | results of load that are kept
    log | object | | the service's part of the log
    log | text | | what the log says
    longest_ns | number | ns | the longest
    longest_open | flag | | the longest wait goes on
    longest_wait | object | | where a trace spent most time in one wait
    look | text | | a command that shows it
    loop | text | | the event loop
    loop_busy_ns | number | ns | how long a request lay unread since its event loop did not turn; at most, where nothing says when it was sent
    loops | list | | event loops
    loops | number | event loops | event loops
    lost | object | | what the reader of the log could not see
    lost_records | number | records | records that the service could not write
    low | number | given by unit | the lower end of what is allowed, or of what was measured
    """
}
