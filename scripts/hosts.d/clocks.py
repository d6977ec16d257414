#!/usr/bin/env python3
"""Compares the clocks that `chainlab hosts`, `audit` or `trace show` tells in JSON with how they were set.

    clocks.py [--within MICROSECONDS] NAME=NANOSECONDS... < JSON

NANOSECONDS is how far a host's clock is ahead of the machine's; all are read on the first one's. Exit status: 0 each is
within its bound, and within so many microseconds of the truth; 1 one is not, or is unknown.
"""

import argparse
import json
import sys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--within", type=float)
    parser.add_argument("clocks", nargs="+")
    options = parser.parse_args()
    set_to = {name: int(ahead) for name, ahead in (clock.split("=") for clock in options.clocks)}
    reference = next(iter(set_to.values()))
    told = json.load(sys.stdin)
    rows = told["hosts"] if isinstance(told, dict) else [row.get("clock") or {} for row in told]
    clocks = {row.get("name"): row for row in rows}
    failures = 0
    for name, ahead in list(set_to.items())[1:]:
        clock, true = clocks.get(name, {}), ahead - reference
        offset, bound = clock.get("clock_offset_ns"), clock.get("clock_bound_ns")
        if bound is None:
            print(f"{name}: true {true / 1e9:+.9f} s, found nothing")
            failures += 1
            continue
        error = offset - true
        holds = abs(error) <= bound and abs(error) <= (options.within or float("inf")) * 1e3
        failures += not holds
        print(
            f"{name}: true {true / 1e9:+.9f} s, found {offset / 1e9:+.9f} s, error {error / 1e3:+.1f} µs, "
            f"bound ± {bound / 1e3:.1f} µs, {clock['clock_rate_ppm']:.2f} ppm, {clock['calls']} calls"
            + ("" if holds else ": DOES NOT HOLD"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
