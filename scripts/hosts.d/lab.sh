# Four hosts on one machine: what scripts/hosts does with them is there. It sets chainlab, prefix, family, names, agents,
# delays and parts.

services=(gateway user-service order-service payment-service)
# Nanoseconds by which the clock of each host is ahead of the machine's.
ahead=(0 1000000000000 1005000123456 993000654321 1123456789012)
failed=0
work=$(mktemp -d)

say() { echo "hosts: $*"; }
without() { echo "hosts: NOT RUN: $*" >&2; exit 2; }
# Says whether something held.
holds() {
  if [ "$2" = "$3" ]; then say "$1: $2"; else say "$1: FOUND $2, EXPECTED $3"; failed=1; fi
}
# Runs a command on host number $1.
on() { local number=$1; shift; ip netns exec "$prefix-h$number" "$@"; }
lab() { local number=$1; shift; on "$number" "$chainlab" "$@" --root "$work/h$number"; }
you() { on 1 "$chainlab" "$@" --root "$work/you"; }
# Gives a command where it is given: on the host itself, or to its agent from h1.
order() { if [ -n "$agents" ]; then shift; you "$@"; else lab "$@"; fi; }

address() { if [ "$family" = 6 ]; then echo "fd77::1$1"; else echo "10.77.0.1$1"; fi; }
place() { if [ -n "$names" ]; then echo "h$1.lab"; else address "$1"; fi; }
url() { case $1 in *:*) echo "http://[$1]:$2" ;; *) echo "http://$1:$2" ;; esac; }

# The process on host number $1 that is chainlab with words like $2.
process() {
  local pid
  for pid in $(ip netns pids "$prefix-h$1"); do
    tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -Eq "^[^ ]*chainlab $2 " && echo "$pid"
  done
}

cleanup() {
  [ -e "$work/you/runs" ] && you down >/dev/null 2>&1
  for number in 4 3 2 1; do
    [ -e "$work/h$number/runs" ] && lab "$number" down >/dev/null 2>&1
  done
  [ -n "${switch:-}" ] && kill "$switch" 2>/dev/null
  for name in h1 h2 h3 h4 switch; do
    # Agents, and whatever else is left there: a namespace lives as long as one process in it.
    ip netns pids "$prefix-$name" 2>/dev/null | xargs -r kill -9
    ip netns delete "$prefix-$name" 2>/dev/null
    rm -rf "/etc/netns/$prefix-$name"
  done
  rmdir /etc/netns 2>/dev/null
  rm -rf "$work"
}

make_hosts() {
  local number other host
  [ "$(id -u)" = 0 ] || without "network namespaces need root"
  command -v ip >/dev/null || without "ip(8) is missing: apt-get install iproute2"
  if ! ip netns add "$prefix-switch" 2>"$work/error"; then
    local why
    why=$(cat "$work/error")
    rm -rf "$work"
    without "$why"
  fi
  trap cleanup EXIT
  for number in 1 2 3 4; do ip netns add "$prefix-h$number"; done
  if [ -n "$delays" ]; then
    python3 "$parts/switch.py" "$delays" "$prefix"-h{1,2,3,4} > "$work/switch" 2>&1 &
    switch=$!
    await ready "$work/switch" || without "$(cat "$work/switch")"
  else
    ip -n "$prefix-switch" link add bridge type bridge || without "no bridge can be made"
    ip -n "$prefix-switch" link set bridge up
  fi
  for number in 1 2 3 4; do
    host="$prefix-h$number"
    ip -n "$host" link set lo up
    if [ -z "$delays" ]; then
      ip link add eth0 netns "$host" type veth peer name "p$number" netns "$prefix-switch"
      ip -n "$prefix-switch" link set "p$number" master bridge up
    fi
    if [ "$family" = 6 ]; then
      ip -n "$host" address add "$(address $number)/64" dev eth0 nodad
    else
      ip -n "$host" address add "$(address $number)/24" dev eth0
    fi
    ip -n "$host" link set eth0 up
    mkdir -p "/etc/netns/$host" "$work/h$number"
    # ip(8) lays this over /etc/hosts for what runs there.
    { echo "127.0.0.1 localhost"; echo "::1 localhost"; } > "/etc/netns/$host/hosts"
    for other in 1 2 3 4; do echo "$(address $other) h$other.lab" >> "/etc/netns/$host/hosts"; done
  done
}

# Waits up to ten seconds until a file says something.
await() {
  for _ in $(seq 100); do
    grep -qs "$1" "$2" && return
    sleep 0.1
  done
  return 1
}

# The chain's own description, with a host for each service and so many MiB for the log of each host.
describe() {
  local number
  {
    echo "hosts:"
    for number in 1 2 3 4; do echo "  h$number: {address: \"$(place $number)\"}"; done
    awk -v list="${services[*]}" -v size="$1" '
      BEGIN { count = split(list, names, " "); for (i = 1; i <= count; i++) number[names[i] ":"] = i }
      { section = /^[^ #]/ ? $1 : section }
      section == "dashboard:" && /enabled:/ { print "  enabled: false"; next }
      section == "trace_log:" && /size_mib:/ { print "  size_mib: " size; next }
      { print }
      section == "services:" && ($1 in number) && /^  [^ ]/ { print "    host: h" number[$1] }' services.yaml
  } > "$work/services.yaml"
}

# Each host by itself. The front first: its callees are not there yet, and need not be.
start_hosts() {
  local number
  for number in 1 2 3 4; do
    cp "$work/services.yaml" "$work/h$number/"
    lab $number up --host "h$number" > "$work/h$number/up" 2>&1 || { cat "$work/h$number/up"; failed=1; }
  done
  say "four hosts, $(place 1) to $(place 4): $(lab 1 status | grep -c ': reachable') of 3 others are reachable from h1"
}

agent() { url "$(address "$1")" 7070; }
start_agent() {
  on "$1" python3 "$parts/clock.py" "${ahead[$1]}" "$chainlab" agent --root "$work/h$1" \
    --listen "$(agent "$1" | cut -c 8-)" --token-file "$work/token" > "$work/h$1/agent" 2>&1 &
}
# An agent on each host, and all services by them.
start_agents() {
  local number
  unshare --time true || without "no host can have a clock of its own"
  mkdir "$work/you" && cp "$work/services.yaml" "$work/you/" && "$chainlab" agent token "$work/token" > /dev/null
  for number in 1 2 3 4; do start_agent $number; done
  for number in 1 2 3 4; do await "listens on" "$work/h$number/agent" || cat "$work/h$number/agent"; done
  you up --agents --token-file "$work/token" > "$work/up" 2>&1 || { cat "$work/up"; failed=1; }
  say "four hosts with agents, $(place 1) to $(place 4): $(grep -c ': ready' "$work/up") of 4 services are ready"
}

# Stops everything. Nobody has ended before, and each host's log and its copy are the same.
stop_agents() {
  local number left=0
  for number in 1 2 3 4; do [ -n "$(process $number agent)" ] && left=$((left + 1)); done
  holds "agents that are still there" $left 4
  you down > "$work/down" 2>&1 || { cat "$work/down"; failed=1; }
  for number in 1 2 3 4; do
    cmp "$work/you/runs/current/hosts/h$number.log" "$work/h$number/runs/current/trace.log" > "$work/cmp" 2>&1
    holds "difference between h$number's log and its copy" "$(cat "$work/cmp")" ""
  done
}

# What a load was told: statuses;errors;requests without an end.
told() { sed -E 's/.*"measured":\{"by_error":\{([^}]*)\},"by_status":\{([^}]*)\}.*"unfinished":([0-9]+)\},"measured_ms".*/\2;\1;\3/' "$1"; }
