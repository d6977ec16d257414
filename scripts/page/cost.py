"""What a page that is open takes from the chain: paired runs, with it and without, in turn. Without it, its process stands
still: it would follow the log for a minute after the last look."""

import json
import os
import signal
import statistics
import sys
import time

from lab import browser, chainlab, page, say, wait

FOLDER = sys.argv[1]
SLICE = "4s"


def throughput():
    words = ["load", "--closed", "64", "--duration", SLICE, "--warm-up", "500ms", "--json"]
    return json.loads(chainlab(FOLDER, *words))["rates"]["goodput_per_s"]


def with_page(chromium):
    with page(chromium) as opened:
        wait("the page follows", lambda: "live" in opened.inner_text("#connection"))
        time.sleep(1)
        return throughput()


def without_page():
    with open(f"{FOLDER}/runs/current/chain.json") as file:
        process = json.load(file)["page"]["process"]["pid"]
    os.kill(process, signal.SIGSTOP)
    try:
        time.sleep(1.5)
        return throughput()
    finally:
        os.kill(process, signal.SIGCONT)


def compare(chromium, model, quads):
    chainlab(FOLDER, "mode", "all", model)
    throughput()
    ratios = []
    for turn in range(quads):
        a1, b1 = without_page(), with_page(chromium)
        b2, a2 = with_page(chromium), without_page()
        ratios.append((b1 + b2) / (a1 + a2))
        say(f"{model} {turn + 1} of {quads}: {a1:.0f} without, {b1:.0f} with, {b2:.0f} with, {a2:.0f} without: {ratios[-1]:.3f}")
    return ratios


quads = int(sys.argv[2]) if len(sys.argv) > 2 else 4
with browser(is_last=True) as chromium:
    for model in ("blocking", "async", "nonblocking", "nonblocking-async"):
        ratios = compare(chromium, model, quads)
        print(json.dumps({"model": model, "median": round(statistics.median(ratios), 4), "ratios": [round(r, 3) for r in ratios]}))
