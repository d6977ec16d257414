# What agents, links and the copies of logs are tried with, over the four hosts of lab.sh.

# How the clocks were set, and how a report finds them to be: within their bounds, and without delays within 20 µs.
compare_clocks() {
  local number set=()
  for number in 1 2 3 4; do set+=("h$number=${ahead[number]}"); done
  # The load's clock is the machine's; hosts are those with agents.
  [ "$1" = hosts ] || set+=(here=0)
  [ -z "$delays" ] && set+=(--within 20)
  you "$@" --json 2>/dev/null | python3 "$parts/clocks.py" "${set[@]}" > "$work/clocks" 2>&1 || failed=1
  sed "s/^/hosts:   $1: /" "$work/clocks"
}

# What the reports say of the run so far. Before that there are calls until the clocks are as well known as a quick machine
# knows them at once.
try_reports() {
  local trace bound cause='root cause: payment-service sleep (fault: latency=1s)'
  for _ in 1 2 3 4 5; do
    you load --closed 4 --duration 1s > /dev/null 2>&1 || failed=1
    bound=$(you hosts --json 2>/dev/null | sed -E 's/.*"clock_bound_ns":([0-9]+).*/\1/')
    [ -n "$delays" ] || [ "${bound:-200000}" -lt 200000 ] && break
  done
  for _ in $(seq 100); do you hosts > "$work/hosts" 2>&1 && ! grep -q since "$work/hosts" && break; sleep 0.1; done
  sed 's/^/hosts:   /' "$work/hosts"
  compare_clocks hosts
  trace=$(you trace list --json 2>/dev/null | sed -E 's/.*"trace_id":"([0-9a-f]+)".*/\1/')
  compare_clocks trace show "$trace"
  you cascade > "$work/cascade" 2>&1 || failed=1
  holds "the cause that the cascade names" "$(grep -o "$cause" "$work/cascade")" "$cause"
  stop_agents
  compare_clocks audit
  try_audit
}

# How far each clock is ahead of the machine's, in nanoseconds, is in its file `ahead`.
keep_run() {
  local number
  mkdir -p "$1" && cp -r "$work/you/services.yaml" "$work/you/runs" "$1" || failed=1
  for number in 1 2 3 4; do echo "h$number ${ahead[number]}"; done > "$1/ahead"
}

try_audit() {
  you audit > "$work/audit" 2>&1
  holds "exit status of the audit over all logs" $? 0
}

# Kills agents and links in turns, while records flow.
try_kills() {
  local kill number pid victims=0
  you load --closed 8 --duration "$(($1 + 5))s" --json > "$work/load.json" 2>/dev/null &
  local load=$!
  for kill in $(seq "$1"); do
    number=$(((kill - 1) / 2 % 4 + 1))
    sleep 0.4
    if [ $((kill % 2)) = 1 ]; then
      for pid in $(process $number agent); do kill -9 "$pid" && victims=$((victims + 1)); done
      start_agent $number
    else
      for pid in $(process 1 "link .*--host h$number"); do kill -9 "$pid" && victims=$((victims + 1)); done
    fi
  done
  holds "load until the last of them" "$(kill -0 $load && echo yes)" yes
  wait $load
  holds "processes that were killed" "$victims" "$1"
  say "answers meanwhile: $(told "$work/load.json" | cut -d ';' -f 1)"
  holds "requests without an answer" "$(told "$work/load.json" | cut -d ';' -f 2-)" ";0"
  for _ in $(seq 300); do you hosts > "$work/hosts" 2>&1 && ! grep -q 'since\|all$' "$work/hosts" && break; sleep 0.1; done
  sed 's/^/hosts:   /' "$work/hosts"
  stop_agents
  try_audit
}

# Clock ticks that a process has had of the processor.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }
received() { sed -E 's/.*"received_bytes":([0-9]+).*/\1/' "$work/you/runs/current/hosts/h$1.json"; }

# What it costs to copy four logs while the chain answers as many requests as it can.
try_rate() {
  local number service seconds=20 agents=() links=() before=()
  for service in "${services[@]}"; do you mode "$service" nonblocking > /dev/null || failed=1; done
  for number in 1 2 3 4; do
    agents[number]=$(process $number agent) links[number]=$(process 1 "link .*--host h$number")
  done
  you load --rate "$1" --duration "$((seconds + 4))s" --json > "$work/load.json" 2>/dev/null &
  local load=$!
  sleep 2
  for number in 1 2 3 4; do
    before[number]="$(ticks "${agents[number]}") $(ticks "${links[number]}") $(received $number) $(date +%s.%N)"
  done
  sleep $seconds
  for number in 1 2 3 4; do
    echo "${before[number]} $(ticks "${agents[number]}") $(ticks "${links[number]}") $(received $number) $(date +%s.%N)" \
      | awk -v host="h$number" -v hertz="$(getconf CLK_TCK)" '{
          took = $8 - $4
          printf "hosts: %s: %.2f MB/s pulled; of a core, its agent has %.1f %%, and its link %.1f %%\n", host,
            ($7 - $3) / took / 1e6, ($5 - $1) / hertz / took * 100, ($6 - $2) / hertz / took * 100 }'
  done
  wait $load
  say "answered $(sed -E 's/.*"answered_per_s":([0-9]+).*/\1/' "$work/load.json") of $1 requests a second: $(told "$work/load.json" | cut -d ';' -f 1)"
  stop_agents
  you audit --json > "$work/audit.json" 2>/dev/null
  holds "exit status of the audit over all logs" $? 0
  say "records lost: $(sed -E 's/.*"lost":\{([^}]*)\}.*/\1/' "$work/audit.json")"
}
