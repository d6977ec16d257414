extension JSONVocabulary {
  static let rowsOfReports = """
    above_noise | flag | | it stands out of what the quiet window varies by
    added_ns | number | ns | time that was added to the mean request
    after_change | flag | | the prediction begins at a change of settings
    answers_after_per_s | number | /s | answers per second after the event
    answers_before_per_s | number | /s | answers per second before the event
    arrivals_since_per_s | number | /s | requests that arrived per second from the first one on
    as1 | number | share | pairs whose cause was ranked first
    as3 | number | share | pairs whose cause was among the first three
    as5 | number | share | pairs whose cause was among the first five
    brief | flag | | it was saturated for a moment only
    callee_threads | number | threads | threads of the callee
    caller_threads | number | threads | threads of the caller
    capture | map | share | of each caller's thread time, the share that waited for the root cause
    completions_since_per_s | number | /s | requests completed per second from the first one on
    confidence | number | share | resamplings of the windows in which the first cause came first
    errors | number | requests | requests that failed
    evidence | list | | what speaks for a cause, in words
    failed_incident | number | share | failed requests in the bad window
    failed_quiet | number | share | failed requests in the quiet window
    first_onset_ns | number | ns | when it was saturated for the first time
    follows | flag | | nobody waited for it
    idle | object | | threads that are idle, by role
    in_flight_rule | text | | what the limit of requests in flight follows: adaptive, or the number
    in_force | flag | | it was still in force when the first pool was saturated
    incident | object | | what got slow or broke between a quiet window and a bad one
    intervals_elsewhere | number | intervals | further times at which it was saturated
    is_quiet | flag | | nothing stands out of the noise
    judgement | text | | whether a prediction holds, says nothing, or is contradicted
    kinds | list | | the same, by kind of fault
    kinds | map | | the same, by kind of fault
    longest_open | flag | | the longest wait goes on
    mean_incident_ns | number | ns | mean response time in the bad window
    mean_quiet_ns | number | ns | mean response time in the quiet window
    mixture_ns | number | ns | change of the mean that another mixture of requests makes
    moved_ns | number | ns | by how much a clock was corrected
    new_connections | text | | a setting of the load, as it was given
    noise_ns | number | ns | what the quiet window varies by
    notes | list | | what has to be known of the result, in words
    p50_ns | number | ns | the median
    p99_ns | number | ns | the 99th percentile
    pairs | number | pairs | pairs of windows that were looked at
    parts | list | | what a change of the mean is made of
    problem | text | | why it cannot be started
    quiet_pairs | number | pairs | pairs of two quiet windows
    quiet_right | number | pairs | of those, the ones in which no cause was named
    rate_per_s | text | /s | a setting of the load, as it was given
    requests_incident | number | requests | requests in the bad window
    requests_quiet | number | requests | requests in the quiet window
    requests_unmatched | number | requests | requests of a kind that the other window does not have
    score | number | 1 | how far a cause stands out of the noise
    seed | text | | a setting of the load, as it was given
    shedding | flag | | the limit is lower at the moment, since requests waited too long
    text_room | number | share | how full the log's table of names is
    timeout_ms | text | ms | a setting of the load, as it was given
    title | text | | what happened, in words
    usernames | text | | a setting of the load, as it was given
    waiting | number | requests | requests that still wait
    waiting_ns | map | ns | time that requests waited, by cause
    waits_left_out | number | waits | waits that are not shown
    """
}
