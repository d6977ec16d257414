"""How many hosts' clocks are known and, truly being one clock, less than their bound apart: "4 of 4"; from `hosts --json`."""

import json
import sys
from pathlib import Path

rows = json.loads(Path(sys.argv[1]).read_text() or "[]")
clocks = [row.get("clock") or {} for row in rows]
right = [clock for clock in clocks
         if "clock_bound_ns" in clock and abs(clock["clock_offset_ns"]) <= clock["clock_bound_ns"]]
print(f"{len(right)} of {len(clocks)}")
