extension JSONVocabulary {
  /// `name | form | unit | meaning`, for names from `m` on.
  static let rowsFromM = """
    machine | text | | processors, memory and kernel
    margin | text | | by how much better a proposal must be than what is asked for
    max_in_flight | number | requests | what an open loop may have in flight
    max_ms | number | ms | the longest response time
    max_ns | number | ns | the longest
    mean | number | given by unit | the mean
    mean_blocked | number | threads | threads that were blocked, on average
    mean_incident_ns | number | ns | mean response time in the bad window
    mean_ms | number | ms | the mean response time
    mean_ns | number | ns | the mean
    mean_quiet_ns | number | ns | mean response time in the quiet window
    measured | number | given by unit | what was measured
    measured | object | | what was measured
    measured_at | text | ISO 8601 | when it was measured
    measured_ms | number | ms | how long was measured
    measured_ns | number | ns | what was measured
    members | list | | threads that wait for one another
    memory | object | | memory of a process
    message | text | | in words
    met | flag | | the objective is met
    met | number | cases | cases in which the objective was met
    method | text | | simulation, or which closed form
    middle | object | | of each figure the median over the runs
    min_ms | number | ms | the shortest response time
    min_ns | number | ns | the shortest
    min_remaining_ms | number | ms | time that a request must have left to be begun
    mirror | object | | how far the copy of a host's log is
    misfits | map | records | records that fit to nothing before them, by kind
    misfits | number | records | records that fit to nothing before them
    mix | text | | the IO model of each service, a letter each
    mixture_ns | number | ns | change of the mean that another mixture of requests makes
    model | text | | the IO model: \(IOModel.names.joined(separator: ", "))
    models | map | | by IO model
    monotonic_ns | number | ns | a host's clock since it was started
    most | number | given by unit | the largest over the runs
    most_blamed | object | | the cause that was blamed most
    most_blamed_share | number | share | its share of all blame
    moved | number | samples | samples not compared, since the thread had just changed its state
    moved_ns | number | ns | by how much a clock was corrected
    name | text | | what it is called
    named | text | | the cause that was named
    nesting | number | braces | the deepest braces
    new_connections | flag | | each request has a connection of its own
    new_connections | text | | a setting of the load, as it was given
    noise_ns | number | ns | what the quiet window varies by
    none | number | 1 | how many have none
    not_replayed | list | | what the simulation does not repeat
    not_sent | number | requests | requests that were due and not sent
    note | text | | what must be known to read it
    notes | list | | what has to be known of the result, in words
    objective | text | | what is to be achieved
    of | text | | what was sent, in words
    offered_per_s | number | /s | requests that were due per second
    on_host | text | | the host whose clock a span's times are of
    onset_ms | number | ms | when it was saturated first, from the load's first request
    onset_ns | number | ns | when it began, from the run's start
    open | flag | | it has not ended
    open | number | 1 | how many have not ended
    order | list | | services in the order in which they were saturated
    origin | text | | where a run that no chain made comes from
    outcomes | map | requests | how requests ended, by reason
    overflow | text | | what a full service does: reject or backlog
    overwritten | number | records | records that newer ones have replaced
    own_blocked_ns | number | ns | thread time that was blocked in this itself
    own_ns | number | ns | thread time that was in this state itself
    p50_ms | number | ms | the median response time
    p50_ns | number | ns | the median
    p90_ms | number | ms | the 90th percentile of response times
    p95_ms | number | ms | the 95th percentile of response times
    p99_9_ms | number | ms | the 99.9th percentile of response times
    p99_ms | number | ms | the 99th percentile of response times
    p99_ns | number | ns | the 99th percentile
    pairs | number | pairs | pairs of windows that were looked at
    parent_span_id | text | | the span that caused this one
    parents | object | | whether the parents of spans are in the log
    parts | list | | what a change of the mean is made of
    path | text | | a file or folder, or a setting
    paths | list | | what was asked for
    peak_in_flight | number | requests | the most in flight at once
    peak_queue | number | requests | the most queued at once
    peak_utilisation | number | share | the busiest second of an event loop
    peer_span_id | text | | the span of the call that is waited for
    peers | object | | whether a blocked thread waits on a socket of the service that the log names
    pending | number | records | places of the log that are being written
    phase | text | | where a run, or a part of a span, stands
    pid | number | | the process
    place | text | | where the log was written
    plan | object | | what was asked for
    points | list | | one for each value of a sweep
    policies | list | | policies in force during the trace
    policies | map | | the policy for each callee
    pool | object | | the worker threads and their queue
    pools | list | | pools of threads, by role
    port | number | | where it takes requests, or what was asked
    predicted | number | given by unit | what was predicted
    prediction | object | | when the pool had to fill, by Little's law
    probes | number | probes | how often an event loop was asked
    problem | text | | why it cannot be started
    process | object | | the process of a service
    proposals | list | | what would help, the smallest change first
    pulled_at | text | | when the copy of a host's log had everything
    query_ns | number | ns | processor time of a query
    queue_limit | number | requests | requests that may be queued
    queue_wait_ns | number | ns | time in the queue
    queued | number | requests | requests that wait for a thread
    queued_ns | number | ns | request time in the queue
    quick | flag | | of the quick kind
    quiet_pairs | number | pairs | pairs of two quiet windows
    quiet_right | number | pairs | of those, the ones in which no cause was named
    rate_missed | text | | why an open loop did not have the rate asked for: `generator_late`, `connections_bounded`, `server_slow`, `requests_failed`
    rate_per_s | number | /s | the rate of an open loop
    rate_per_s | text | /s | a setting of the load, as it was given
    rates | object | | requests per second
    ratio | number | 1 | the second over the first
    reason | text | | why
    reasons | list | | closed forms that the chain as it is runs into
    reasons | map | 1 | how many, by reason
    received_bytes | number | bytes | what has come over the network
    records | number | records | records in the log
    recovery | list | | services in the order in which they recovered
    refused | map | requests | requests refused, by reason
    refused | number | requests | requests refused
    refused_share | number | share | of the requests, the share that was refused
    refused_tokens | number | requests | requests to an agent without its token
    repetitions | number | 1 | runs or slices that tell of a figure
    repetitions | text | | what noise is taken from: runs or slices
    replaced | flag | | its service has another process by now
    replayed | list | | changes that the simulation repeats
    replica | number | 1 | which replica of the service, from 1
    replicas | number | processes | how many processes serve it
    replications | number | runs | simulations that differ in their seeds
    request | text | | method and path of the request
    request_blame | list | | causes of waiting requests, the largest first
    request_ns | number | ns | processor time of a request by itself
    request_time | object | | queue wait, service time and response time, summed up
    requests | list | | requests that wait without a thread
    requests | number | requests | requests
    requests_incident | number | requests | requests in the bad window
    requests_quiet | number | requests | requests in the quiet window
    requests_unmatched | number | requests | requests of a kind that the other window does not have
    resident_bytes | number | bytes | memory in use (RSS)
    residual | object | | what the client's time has beyond the service's
    response_time | object | | response times
    response_time_ms | number | ms | the mean response time
    response_time_ns | number | ns | from arrival to answer
    restarts | number | 1 | how often it was started again
    retries | number | calls | attempts after the first
    right | flag | | the cause that was named is the one that was planted
    right | number | cases | cases in which it was
    role | text | | what a thread is for: worker, loop, hired, store, control, other
    root | flag | | nobody waits for it
    root | text | | the root cause
    root_causes | number | cases | cases in which a root cause was named
    route | text | | which request
    rows | list | | one for each figure
    run | object | | the run that a host has
    run | text | | the folder of a run
    run_id | text | | which run
    running | number | threads | threads that exist, or that run
    running_ns | number | ns | thread time that ran
    runs | list | | runs
    runs | number | runs | how many runs
    samples | number | samples | looks at threads
    saturated | flag | | a pool was saturated
    saturated | number | cases | cases in which a pool was saturated
    saturated_explained | number | cases | of these, those with a root cause
    saturated_first | text | | the service that was saturated first
    saturations | list | | when each pool was saturated
    says | text | | what a check says
    schema | number | | grows when a key changes its meaning
    score | number | 1 | how far a cause stands out of the noise
    seconds | number | seconds | seconds of a load in which an event loop was looked at
    seed | number | | equal seeds give equal runs
    seed | text | | a setting of the load, as it was given
    seeds | list | | the seeds of the runs
    segments | list | | where the time of a span went
    sent | number | requests | requests sent
    sent_late | object | | by how much requests were sent after they were due
    service | text | | a service, or one replica of it
    service_time_ns | number | ns | from the first thread to the answer
    services | list | | services
    services | map | | by service
    setting | text | | which setting
    settings | list | | settings that differ, or that are to change
    severity | text | | red, amber or note
    share | number | share | a share of the whole
    shedding | flag | | the limit is lower at the moment, since requests waited too long
    silent_hosts | list | | hosts from which nothing comes though the run goes on, or nothing has ever come
    silent_ns | number | ns | for how long nothing has come from a host
    simulated | object | | what the simulation said
    simulated_ms | number | ms | how long was simulated
    simulations | number | runs | simulations that it took
    simultaneous | flag | | too close to one another to tell which was first
    since_ns | number | ns | when it began, from the run's start
    single | flag | | observed once a side: chance cannot be told from change
    slices | list | | the states of a thread, one after another
    slices | number | slices | slices of the steady part
    spacing | text | | fixed, or poisson
    span_id | text | | which span
    spans | list | | the spans of a trace
    spans | number | spans | how many spans
    stack_bytes | number | bytes | address space of the stacks of a service's threads
    stalled_ns | number | ns | how long an event loop stood still
    stalls | number | 1 | how often an event loop stood still
    start_ns | number | ns | when it began, from the run's start
    start_ticks | number | | when the process began, in the kernel's ticks
    started | number | requests | requests sent
    started_at | text | ISO 8601 | when it began
    started_at_unix_ms | number | ms | when it began, since 1970
    started_per_s | number | /s | requests sent per second
    state | text | | where a thread, request, span or service stands
    status | number | | the HTTP status
    status | object | | what a host's agent has said last
    steady_from_ns | number | ns | where the steady part begins, from the run's start
    steady_to_ns | number | ns | where the steady part ends
    step_ns | number | ns | how long each request held a thread
    store | number | threads | threads for the database
    strings | number | texts | texts that the log had no room for
    style | text | | a style of code
    subject | text | | what a sweep varies
    summary | text | | in a few words
    supervisor | object | | the process that owns the chain
    suspended | number | requests | requests that wait without a thread
    taken_at_ns | number | ns | when the dump was taken, from the run's start
    target | text | | what is waited for, or aimed at
    text | text | | in words
    text_room | number | share | how full the log's table of names is
    thread | text | | the name of a thread
    thread_ns | number | ns | thread time in all
    threads | list | | threads
    threads | number | threads | threads
    threads | object | | threads by role
    threads_by_state | object | | threads by what they do
    throughput_per_s | number | /s | answers per second
    tid | number | | the thread, as the kernel calls it
    time_ns | number | ns | when, from the run's start, or how long
    timeout_ms | number | ms | how long a client waits
    timeout_ms | text | ms | a setting of the load, as it was given
    title | text | | what happened, in words
    to | text | | the value afterwards
    to_ns | number | ns | the end of the window, from the run's start
    token_file | text | | the file with an agent's token
    top_cause | text | | what its threads waited for most
    total | number | threads | all threads of the process
    total_ns | number | ns | all that was waited
    trace_id | text | | which trace
    traces | list | | traces
    trial | object | | what a change comes to
    type | text | | the type of error
    unanswered | number | requests | requests without an answer in the log
    uncertain | flag | | older than what the log has kept
    unchanged | object | | what was measured without the change
    unchanged_met | flag | | the objective was met without the change
    unchanged_met | number | cases | cases in which it was
    uncorrected | object | | from when a request was sent
    uneven | flag | | calls contradict clocks that run evenly
    unexplained | number | share | of the processor time, the share that the steps do not explain
    unfinished | number | requests | requests without an outcome when the load was interrupted
    unit | text | | the unit of the values beside it
    unknown | number | 1 | how many are not known
    unknown_clocks | list | | hosts whose clocks no call tells, so that they are placed by their wall clocks
    uptime_ms | number | ms | how long the process has run
    usernames | number | users | users that were asked for
    usernames | text | | a setting of the load, as it was given
    value | number | given by unit | the value
    value | text | | the value, as it is given
    verdict | object | | why, in the end
    verdict | text | | what came of it
    version | text | | of the program
    violations | list | | where an invariant does not hold
    virtual_bytes | number | bytes | address space (VmSize), stacks included
    waiters | list | | what its threads did when it died
    waiting | number | requests | requests that still wait
    waiting_ns | map | ns | time that requests waited, by cause
    waiting_ns | number | ns | request time that waited, with a thread or without
    waits | number | waits | waits, or in code calls and store operations
    waits_left_out | number | waits | waits that are not shown
    wall_ns | number | ns | a host's time of day, since 1970
    warm_up | object | | requests before the measured time
    warm_up_ms | number | ms | how long was not measured at first
    warnings | list | | what is doubtful about the comparison
    what | text | | what happened, in words
    where | text | | whether it binds before, at or after the knee
    with_margin | object | | the worst, with more load
    workers | number | threads | worker threads
    worst | object | | of each figure the worst over the runs
    written_at | text | ISO 8601 | when it was written
    x | number | 1 | the value that was varied
    """
}
