"""Whether client, gateway and ledger tell the same of a run, from its log and its ledger."""

import json
import sqlite3
import tempfile
from pathlib import Path

# In one run: as many as its log has room for.
KILLS = 50


def _traces(database, service, role, name):
    rows = database.execute(
        "SELECT trace_id FROM spans JOIN processes USING (process) "
        "WHERE service = ? AND role = ? AND status = 200 AND name LIKE ?", (service, role, name))
    return [trace for trace, in rows]


def audit(part, lab, run, is_complete=True):
    """The log's own invariants; where it is complete, nothing published may be lost.

    Who is killed while it writes a record leaves its place empty: that has not been published.
    """
    outcome = lab.run("audit", "--run", run.name, "--json")
    try:
        found = json.loads(outcome.stdout)
    except ValueError:
        part.check(False, f"{run.name}: audit says {outcome.stdout[:200]} {outcome.stderr.strip()}")
        return None
    broken = {name: count for name, count in found["counts"].items() if count}
    part.check(not broken, f"{run.name}: the log breaks {broken}: {found['violations'][:2]}")
    lost = {name: count for name, count in found["lost"].items() if count}
    for name, count in lost.items():
        part.count(f"records {name}", count)
    if is_complete:
        part.check(not set(lost) - {"pending", "holes"}, f"{run.name}: of the log is lost: {lost}")
        part.check(lost.get("holes", 0) <= KILLS, f"{run.name}: more places are empty than were killed: {lost}")
    return found


def compare(part, lab, run, is_complete=True):
    """Each answer of 200 that the client got is one of the gateway's and a line of the ledger, each once."""
    found = audit(part, lab, run, is_complete)
    if found is None or not found["checked"]["requests"]:
        return
    part.count("requests", found["checked"]["requests"])
    ledger = [line.split(",")[0] for line in lab.ledgers(run)]
    torn = [line for line in lab.ledgers(run) if line.count(",") != 2 or len(line.split(",")[0]) != 32]
    part.check(not torn, f"{run.name}: {len(torn)} torn lines in the ledger: {torn[:2]}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.db"
        outcome = lab.run("export", "sqlite", "--run", run.name, "-o", str(file))
        if not part.check(outcome.returncode == 0, f"{run.name}: export says {outcome.stderr.strip()}"):
            return
        with sqlite3.connect(file) as database:
            client = _traces(database, "load", "call", "GET /users/%")
            gateway = _traces(database, "gateway", "request", "GET /users/%")
    part.count("answers of 200 at the client", len(client))
    part.count("at the gateway", len(gateway))
    part.count("lines of the ledger", len(ledger))
    for name, traces in (("client", client), ("gateway", gateway)):
        part.check(len(traces) == len(set(traces)), f"{run.name}: the {name} has traces twice")
    if is_complete:
        lost = set(client) - set(gateway)
        part.check(not lost, f"{run.name}: {len(lost)} answers that no gateway gave: {sorted(lost)[:2]}")
    lost = (set(client) | set(gateway)) - set(ledger)
    part.check(not lost, f"{run.name}: {len(lost)} answers that are not in the ledger: {sorted(lost)[:2]}")
