"""A browser before the page of a chain that runs for it alone."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import sync_playwright

PORT = 18079
URL = f"http://127.0.0.1:{PORT}"
SERVICES = ("gateway", "user-service", "order-service", "payment-service")
PICTURES = ".build/page"


def chainlab(folder, *words):
    return subprocess.run(["bin/chainlab", *words, "--root", folder], check=True, capture_output=True, text=True).stdout


def ask(path, method="GET", body=None):
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{URL}/api/v1/{path}", method=method, headers=headers,
        data=None if body is None else json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def wait(what, is_so, seconds=20):
    """Looks again and again, and fails with what was seen last."""
    end = time.monotonic() + seconds
    while True:
        seen = is_so()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


@contextlib.contextmanager
def browser(*, is_last=False):
    """A browser; the last in the queue for a processor, as one on another machine would be: in a session of its own, since
    Linux shares processors among sessions first."""
    program = "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        if is_last:
            program = f"{folder}/chromium"
            with open(program, "w") as script:
                script.write(
                    "#!/bin/bash\nexec setsid -w bash -c 'echo 19 > /proc/self/autogroup; exec nice -n 19 chromium \"$@\"' chromium \"$@\"\n")
            os.chmod(program, 0o700)
        chromium = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextlib.contextmanager
def page(chromium, path="/", width=1440, height=1000, services=4, **options):
    """A page whose errors fail the test."""
    context = chromium.new_context(viewport={"width": width, "height": height}, **options)
    opened = context.new_page()
    errors = []
    opened.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(URL + path)
    wait("the chain is drawn", lambda: opened.locator("article.service").count() == services)
    yield opened
    assert not errors, f"the console says: {errors}"
    context.close()


def blocked(opened, service):
    """How many of a service's cells are blocked, in a call or in a sleep."""
    return opened.locator(f"article[aria-label={service}] .cell.call, article[aria-label={service}] .cell.sleep").count()


def held(service):
    """How many of its threads are blocked, as the API tells it; for places where no cells are drawn."""
    found = next(item for item in ask("state")["services"] if item["name"] == service)
    return sum(thread["state"] == "blocked" for thread in found["threads"])


def taken_in_each(opened):
    """How many cells of each service are not idle, seen at one moment."""
    return opened.evaluate("""services => Object.fromEntries(services.map(service => [service,
      document.querySelectorAll(`article[aria-label=${service}] .cell:not(.idle)`).length]))""", list(SERVICES))


def make_slow(opened, index):
    """Moves payment's slider as a hand would: to a mark, then lets go."""
    opened.evaluate("""index => {
      const slow = document.querySelector("article[aria-label=payment-service] .slow");
      slow.value = index;
      slow.dispatchEvent(new Event("input"));
      slow.dispatchEvent(new Event("change"));
    }""", index)


def say(text):
    print(f"page: {text}", file=sys.stderr, flush=True)
