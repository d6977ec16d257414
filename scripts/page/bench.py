"""The timeline on a run of 1,600 threads and 2.4 million records, measured by the page itself."""

import json
import sys
import time

from lab import URL, ask, browser, chainlab, say, wait

FOLDER = sys.argv[1]


def make_run():
    """400 threads a service, and load until the log holds 2.4 million records."""
    chainlab(FOLDER, "pool", "all", "threads=400", "queue=1000")
    records = 0
    while records < 2_400_000:
        chainlab(FOLDER, "load", "--closed", "400", "--duration", "3s")
        records = ask("runs/current")["records"]
        say(f"{records} records")
    run = ask("state")["run_id"]
    chainlab(FOLDER, "down")
    chainlab(FOLDER, "up")
    return run, records


run, records = make_run()
with browser() as chromium:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    opened = context.new_page()
    start = time.monotonic()
    opened.goto(f"{URL}/?bench#/runs/{run}?from=0&to=10000000000")
    figures = json.loads(wait("the page has measured itself", lambda: opened.locator("#bench:visible").count() and opened.inner_text("#bench"), 60))
    figures["records"] = records
    print(json.dumps(figures))
    slow = [name for name in ("zoom", "pan", "scroll") if figures[name]["frames_per_second"] < 50]
    assert figures["first_picture_ms"] <= 1000, figures
    assert not slow, f"less than 50 frames a second: {slow}"
    assert figures.get("heap_mb", 0) < 500, figures
