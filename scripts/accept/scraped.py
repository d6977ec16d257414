"""Waits until a Prometheus server has scraped all its targets without error."""

import json
import sys
import time
import urllib.request


def ask(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]


def main(server, count):
    deadline = time.monotonic() + 60
    state = "no answer"
    while time.monotonic() < deadline:
        time.sleep(0.5)
        try:
            targets = ask(f"{server}/api/v1/targets")["activeTargets"]
        except OSError as error:
            state = error
            continue
        state = [(target["scrapeUrl"], target["health"], target["lastError"]) for target in targets]
        if len(targets) == count and all(target["health"] == "up" for target in targets):
            names = ask(f"{server}/api/v1/label/__name__/values")
            own = [name for name in names if not name.startswith(("scrape_", "up"))]
            if not own:
                raise SystemExit("accept: Prometheus scraped nothing")
            print(f"accept: Prometheus scrapes {count} services without error: {len(own)} metrics")
            return
        if any(target["health"] == "down" for target in targets):
            break
    raise SystemExit(f"accept: Prometheus does not scrape: {state}")


main(sys.argv[1], int(sys.argv[2]))
