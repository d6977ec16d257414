"""One picture of a cascade, with a thread's chain of waits selected."""

import sys
import time

from lab import ask, blocked, browser, page, wait

FILE = sys.argv[2] if len(sys.argv) > 2 else "cascade.png"

with browser() as chromium, page(chromium, width=1440, height=1180, color_scheme="light") as opened:
    ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "60s"]})
    time.sleep(2)
    ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
    wait("the gateway is full", lambda: blocked(opened, "gateway") == 16)
    time.sleep(1.2)
    opened.evaluate("scrollTo(0, 0)")
    opened.screenshot(path=FILE)
    print(FILE)
