"""What a user does on the page, done in a real browser."""

import http.server
import json
import pathlib
import re
import subprocess
import sys
import threading
import time

import suspended
from axe_playwright_python.sync_playwright import Axe
from lab import PICTURES, URL, ask, blocked, browser, chainlab, make_slow, page, say, taken_in_each, wait

FOLDER = sys.argv[1]
MARKUP = '"><img src=x onerror=alert(1)>\u0007\'<b>'


def calm():
    """As it was: nothing sent, nothing broken, everybody blocking."""
    try:
        ask("load", "DELETE")
    except OSError:
        pass
    chainlab(FOLDER, "fault", "all", "clear")
    chainlab(FOLDER, "mode", "all", "blocking")
    chainlab(FOLDER, "pool", "payment-service", "threads=4")
    wait("calm again", lambda: all(service["in_flight"] == 0 for service in ask("state")["services"]), 60)


def the_cascade_is_seen_and_ends(chromium):
    with page(chromium) as opened:
        opened.screenshot(path=f"{PICTURES}/calm.png", full_page=True)
        assert "calm" in opened.inner_text("#banner")
        opened.click("#load-start")
        wait("the load runs", lambda: opened.is_enabled("#load-stop"))
        time.sleep(1)
        make_slow(opened, 7)
        sizes = {"payment-service": 4, "order-service": 8, "user-service": 12, "gateway": 16}
        # One look sees all services at the same moment; a state is drawn every 0.2 s, so two may fill up in one.
        looks = []
        def all_full():
            taken = taken_in_each(opened)
            looks.append([taken[service] == size for service, size in sizes.items()])
            return all(looks[-1])
        wait("all cells are taken", all_full)
        wait("all are blocked", lambda: all(blocked(opened, service) == size for service, size in sizes.items()))
        assert all(look == sorted(look, reverse=True) for look in looks), f"in another order: {looks}"
        assert len({tuple(look) for look in looks}) >= 3, f"all at once: {looks}"
        banner = wait("the banner tells of the gateway", lambda: (text := opened.inner_text("#banner")) and "gateway +" in text and text)
        assert "payment has a fault (latency=1s)" in banner, banner
        places = [banner.index(name) for name in ("payment saturated: all 4 threads busy", "→ order", "→ user", "→ gateway")]
        assert places == sorted(places), banner
        say(f"the banner: {banner}")
        wait("the bystander waits", lambda: opened.locator("#bystander.slow").count() == 1)
        wait("the report names the cause", lambda: "payment-service sleep (fault: latency=1s)" in opened.inner_text("#report"))
        opened.screenshot(path=f"{PICTURES}/cascade.png", full_page=True)
        opened.select_option("article[aria-label=gateway] select", "nonblocking-async")
        wait("the gateway's cells are free", lambda: blocked(opened, "gateway") == 0, 60)
        assert blocked(opened, "payment-service") > 0
        wait("the bystander is quick", lambda: opened.locator("#bystander.slow").count() == 0)
        opened.screenshot(path=f"{PICTURES}/switched.png", full_page=True)
        assert "mode gateway nonblocking-async" in opened.inner_text("#command")
        opened.click("article[aria-label=gateway] button[aria-controls=code]")
        wait("the handler is shown", lambda: "nonBlocking" in opened.inner_text("#code h3"))
        opened.click("#reset")
        wait("all is as it was", lambda: "All is calm" in opened.inner_text("#banner") and "ended" in opened.inner_text("#load-state"), 60)
        wait("the gateway blocks again", lambda: opened.input_value("article[aria-label=gateway] select") == "blocking")
    calm()


def threads_that_come_shift_no_row(chromium):
    """Looking at the past while another model brings new threads, nothing is drawn in another thread's row."""
    with page(chromium) as opened:
        ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
        ask("commands", "POST", {"words": ["load", "--rate", "10", "--duration", "10s"]})
        wait("the gateway is full", lambda: blocked(opened, "gateway") == 16)
        wait("the lanes show it", lambda: lanes_of(opened, "user-w").count("call") >= 12)
        opened.click("#follow")
        ask("commands", "POST", {"words": ["mode", "gateway", "async"]})
        wait("new threads have come", lambda: len(ask("runs/current?cells=1")["lanes"]) > shown_lanes(opened))
        opened.locator("#lanes").focus()
        opened.keyboard.press("d")
        wait("the page knows them", lambda: len(ask("runs/current?cells=1")["lanes"]) == shown_lanes(opened))
        wait("each row has its own", lambda: lanes_of(opened, "user-w").count("call") >= 12 and "sleep" in lanes_of(opened, "payment-w"))
        assert "sleep" not in lanes_of(opened, "user-w") + lanes_of(opened, "gateway-w"), "a row shows another thread"
    calm()


def shown_lanes(opened):
    return opened.evaluate("async () => (await import('/timeline.js')).view.lanes.length")


def lanes_of(opened, prefix):
    """What the rows of threads with such names show, by state."""
    return opened.evaluate("""async prefix => {
      const { view } = await import("/timeline.js");
      const { STATES } = await import("/lanes.js");
      return view.lanes.flatMap((lane, index) => lane[1].startsWith(prefix) ? (view.byLane?.get(index) ?? []).map(slice => STATES[slice[2]].name) : []);
    }""", prefix)


def a_span_is_found_and_followed_by_keyboard_alone(chromium):
    with page(chromium) as opened:
        ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
        ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "30s"]})
        wait("the gateway is full", lambda: blocked(opened, "gateway") == 16)
        opened.locator("#follow").focus()
        opened.keyboard.press("Enter")
        opened.locator("#lanes").focus()
        opened.keyboard.press("/")
        opened.keyboard.type("calls payment")
        opened.keyboard.press("Enter")
        wait("nothing has this name", lambda: "nothing found" in opened.inner_text("#search-count"))
        opened.keyboard.press("/")
        opened.keyboard.press("Control+a")
        opened.keyboard.type("fault: latency=1s")
        opened.keyboard.press("Enter")
        wait("a hit is shown", lambda: "1 of" in opened.inner_text("#search-count"))
        for _ in range(200):
            for _ in range(3):
                opened.keyboard.press("[")
            if opened.inner_text("#lane-text").startswith("gateway-w"):
                break
            opened.keyboard.press("n")
            time.sleep(0.1)
        found = opened.inner_text("#lane-text")
        assert found.startswith("gateway-w") and "sleep fault: latency=1s" in found, found
        say(f"from: {found}")
        for service in ("user-w", "order-w", "payment-w"):
            opened.keyboard.press("]")
            found = opened.inner_text("#lane-text")
            assert found.startswith(service), found
        assert "asleep – fault: latency=1s" in found, found
        say(f"followed to: {found}")
        callers = opened.inner_text("#selection")
        assert "Blocks:" in callers and "gateway-w" in callers, callers
        opened.screenshot(path=f"{PICTURES}/followed.png", full_page=True)
        opened.keyboard.press("[")
        assert "order-w" in opened.inner_text("#lane-text"), opened.inner_text("#lane-text")
        wait("the link tells the selection", lambda: "span=" in opened.evaluate("location.href"))
        opened.keyboard.press("m")
        wait("an area is measured", lambda: opened.locator("#area table").count() == 1)
        opened.keyboard.press("Escape")
        assert opened.locator("#trace canvas").count() == 0
    calm()


def a_request_without_a_thread_is_followed_by_keys(chromium):
    suspended.follow(chromium, FOLDER, lanes_of)
    calm()


def a_lesson_is_played(chromium):
    """Question by question, with a run on chains of its own in between."""
    def lesson():
        return opened.locator("#lesson-list details", has_text="retry-layers").first
    with page(chromium) as opened:
        lesson().locator("summary").click()
        for question in ("What would you expect?", "Set it up", "Measure it on this machine"):
            lesson().get_by_role("button", name=question).click()
        assert "has not been run here yet" in lesson().inner_text(), lesson().inner_text()
        lesson().get_by_role("button", name="Run it").click()
        wait("the lesson runs", lambda: "retry-layers runs" in opened.inner_text("#lesson-state"))
        wait("it has ended", lambda: "retry-layers has ended" in opened.inner_text("#lesson-state"), 90)
        wait("its result is there", lambda: "64 attempts" in lesson().inner_text())
        lesson().get_by_role("button", name="What fixes it, and what does the fix cost?").click()
        opened.locator("#lessons").screenshot(path=f"{PICTURES}/lesson.png")
        assert "Retry in one layer only" in lesson().inner_text()
    calm()


def replicas_stand_side_by_side(chromium):
    """A second payment-service, started from the page, is shown beside the first and takes its share."""
    with page(chromium) as opened:
        opened.get_by_role("button", name="One more payment-service").click()
        wait("it is there", lambda: opened.locator("article[aria-label=payment-service-2]").count() == 1, 30)
        # With eight threads it is not payment-service that sets it any more.
        wait("the limit counts both", lambda: "at most" in opened.inner_text("#slow-hint") and "payment" not in opened.inner_text("#slow-hint"))
        wait("both have work", lambda: blocked(opened, "payment-service") > 0 and blocked(opened, "payment-service-2") > 0, 30)
        opened.screenshot(path=f"{PICTURES}/replicas.png", full_page=True)
        opened.click("#reset")
        wait("it has gone", lambda: opened.locator("article[aria-label=payment-service-2]").count() == 0, 60)
    calm()


def what_a_step_promises_happens(chromium):
    """The page says beforehand which pools are saturated: order-service, where payment has more threads."""
    def saturated():
        return opened.evaluate("""() => [...document.querySelectorAll("article.service.saturated")].map(node => node.getAttribute("aria-label"))""")
    with page(chromium) as opened:
        step = opened.get_by_role("button", name="A larger pool")
        wait("the steps are foretold", lambda: step.count() == 1)
        text = step.inner_text()
        assert "order is saturated after" in text and "payment is saturated" not in text, text
        say(f"promised: {text}")
        step.click()
        wait("order is saturated", lambda: set(saturated()) == {"order-service", "user-service", "gateway"}, 40)
        opened.screenshot(path=f"{PICTURES}/larger-pool.png", full_page=True)
        opened.click("#reset")
        wait("payment has its threads again", lambda: opened.input_value("article[aria-label=payment-service] input >> nth=0") == "4", 60)
    calm()


def the_limit_follows_from_the_settings(chromium):
    with page(chromium) as opened:
        hint = lambda: opened.inner_text("#slow-hint")
        make_slow(opened, 7)
        wait("4 threads", lambda: "payment's 4 threads" in hint() and "at most 3.9" in hint())
        opened.fill("article[aria-label=payment-service] input >> nth=0", "16")
        opened.press("article[aria-label=payment-service] input >> nth=0", "Enter")
        wait("order is the narrowest", lambda: "order's 8 threads" in hint())
        for service in ("gateway", "user-service", "order-service", "payment-service"):
            opened.select_option(f"article[aria-label={service}] select", "nonblocking")
            wait("it is switched", lambda: "done" in opened.inner_text("#outcome") or service in opened.inner_text("#outcome"))
        wait("no thread sets a limit", lambda: "set no limit" in hint())
        say(f"the limit: {hint()}")
    calm()


def a_refused_bystander_is_no_healthy_one(chromium):
    """A gateway that refuses at once is quick, and the page must not call that well."""
    with page(chromium) as opened:
        chainlab(FOLDER, "pool", "gateway", "threads=2", "queue=0")
        ask("commands", "POST", {"words": ["fault", "payment-service", "latency=2s"]})
        ask("commands", "POST", {"words": ["load", "--rate", "10", "--duration", "20s"]})
        wait("it is refused", lambda: "refused (503) after" in opened.inner_text("#bystander"), 20)
        assert opened.locator("#bystander.slow").count() == 1
        wait("the banner says so", lambda: "refused (503)" in opened.inner_text("#banner") and "calm" not in opened.inner_text("#banner"))
        wait("the gateway's card says so", lambda: opened.locator("article[aria-label=gateway] dd.bad").count() >= 2)
        text = opened.inner_text("article[aria-label=gateway]")
        assert "so far" in text, text
        opened.screenshot(path=f"{PICTURES}/refused.png", full_page=True)
        wait("the load has ended", lambda: opened.locator("#load-result:visible").count() == 1, 60)
        opened.click("#load-result summary")
        assert "503" in opened.inner_text("#load-result pre"), opened.inner_text("#load-result pre")
        chainlab(FOLDER, "pool", "gateway", "threads=16", "queue=64")
    calm()


def figures_are_written_as_the_command_line_writes_them(chromium):
    """The cases of the Swift formatter's own tests."""
    source = pathlib.Path("Tests/ChainModelTests/FigureTextTests.swift").read_text()
    blocks = re.findall(r"arguments: \[(.*?)\](?: as \[\((\w+), String\)\])?\)", source, re.S)
    tables = [[(number.replace("_", ""), text) for number, text in re.findall(r'\((-?[\d_.e-]+), "([^"]+)"\)', block)] for block, _ in blocks[:3]]
    with page(chromium) as opened:
        for name, cases in zip(("time", "number", "percent"), tables):
            assert len(cases) > 8, f"{name}: only {len(cases)} cases found"
            written = opened.evaluate("""async ([name, numbers]) => (await import("/units.js"))[name] && numbers.map((await import("/units.js"))[name])""",
                [name, [float(number) for number, _ in cases]])
            wrong = [(number, text, found) for (number, text), found in zip(cases, written) if text != found]
            assert not wrong, f"{name}: {wrong}"


def two_runs_are_compared(chromium):
    chainlab(FOLDER, "load", "--rate", "20", "--duration", "3s")
    first = ask("state")["run_id"]
    chainlab(FOLDER, "down")
    chainlab(FOLDER, "up")
    chainlab(FOLDER, "fault", "payment-service", "latency=80ms")
    chainlab(FOLDER, "load", "--rate", "20", "--duration", "3s")
    with page(chromium) as opened:
        second = ask("state")["run_id"]
        wait("both runs are listed", lambda: first in opened.inner_text("#run-list") and second in opened.inner_text("#run-list"))
        opened.select_option("#run-a", first)
        opened.select_option("#run-b", second)
        opened.click("#compare")
        wait("the verdict and the comparison are there", lambda: opened.locator("#comparison table").count() == 3, 30)
        text = opened.inner_text("#comparison")
        assert "response time p50" in text and "more" in text and "within noise" in text, text
        assert opened.locator("#comparison canvas").count() == 2
        opened.screenshot(path=f"{PICTURES}/compared.png", full_page=True)
        opened.click(f"#run-list button:text-is('{first}')")
        wait("the old run is shown", lambda: opened.input_value("#run") == first)
        opened.click("#explain-run")
        wait("it is explained", lambda: first in opened.inner_text("#explained"))
    calm()


def it_is_readable(chromium):
    """Light and dark, wide and narrow: no serious violation, nothing wider than the screen."""
    ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
    ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "20s"]})
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            with page(chromium, width=width, height=900, color_scheme=scheme, reduced_motion="reduce") as opened:
                wait("cells are blocked", lambda: blocked(opened, "payment-service") == 4)
                opened.click("article[aria-label=payment-service] .cell >> nth=0")
                wait("a thread is selected", lambda: "payment-w1" in opened.inner_text("#lane-text"))
                opened.screenshot(path=f"{PICTURES}/{scheme}-{width}.png", full_page=True)
                wide = opened.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{wide} pixels wide on a screen of {width}"
                small = opened.evaluate("""() => [...document.querySelectorAll("button, select, input, a")]
                  .filter(node => node.offsetParent && !node.closest(".cells") && !node.matches(".skip") && node.getBoundingClientRect().height < 24)
                  .map(node => node.outerHTML.slice(0, 80))""")
                assert not small, f"too small to hit: {small}"
                axe = Axe().run(opened).response
                assert len(axe["passes"]) > 20, f"axe has hardly looked: {len(axe['passes'])} rules passed"
                found = axe["violations"]
                serious = [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found if item["impact"] in ("serious", "critical")]
                assert not serious, serious
                say(f"{scheme}, {width} pixels: axe finds nothing serious ({len(found)} lesser, {len(axe['passes'])} rules passed)")
    calm()


def markup_stays_text(chromium):
    alerts = []
    with page(chromium) as opened:
        opened.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        words = ["fault", "payment-service", "latency=700ms", f"user=x{MARKUP.replace(chr(7), '')}"]
        outcome = ask("commands", "POST", {"words": words})
        chainlab(FOLDER, "fault", "payment-service", "error=503", 'header=x-a:<script>alert(1)</script>')
        import urllib.parse, urllib.request, urllib.error
        for name in (MARKUP, "<script>alert(2)</script>"):
            path = urllib.parse.quote(name, safe="")
            request = urllib.request.Request(f"http://127.0.0.1:18080/users/{path}/payment-status", headers={"x-a": "<i>"})
            try:
                urllib.request.urlopen(request).read()
            except urllib.error.HTTPError as error:
                assert error.code in (400, 404), error
        wait("the fault is shown as text", lambda: "<script>" in opened.inner_text("article[aria-label=payment-service]"))
        opened.fill("#search", "<img")
        opened.press("#search", "Enter")
        wait("searched", lambda: "found" in opened.inner_text("#search-count") or " of " in opened.inner_text("#search-count"))
        opened.fill("#search", "alert(2)")
        opened.press("#search", "Enter")
        time.sleep(1)
        assert opened.locator("img, script:not([src]), b b, i").count() == 0
        assert outcome["command"].startswith("bin/chainlab fault payment-service latency=700ms '"), outcome
    assert not alerts, alerts
    calm()


def others_cannot_reach_in(chromium):
    """A page of another origin can neither read the API nor change anything."""
    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>elsewhere</title>")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 18078), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    before = ask("state")["services"][0]["model"]
    tries = """async url => {
      const told = [];
      const attempt = async (name, action) => { try { told.push(name + ": " + await action()); } catch (error) { told.push(name + ": refused"); } };
      await attempt("read", async () => (await fetch(url + "/api/v1/state")).status);
      await attempt("read opaque", async () => (await fetch(url + "/api/v1/state", { mode: "no-cors" })).type);
      await attempt("json", async () => (await fetch(url + "/api/v1/commands", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ words: ["mode", "gateway", "async"] }) })).status);
      await attempt("plain", async () => (await fetch(url + "/api/v1/commands", { method: "POST", mode: "no-cors", body: JSON.stringify({ words: ["mode", "gateway", "async"] }) })).type);
      await attempt("window", async () => (await fetch(url + "/api/v1/window", { method: "POST", mode: "no-cors" })).type);
      await attempt("events", () => new Promise((done, fail) => { const source = new EventSource(url + "/api/v1/events"); source.onopen = () => done("open"); source.onerror = fail; }));
      return told;
    }"""
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto("http://127.0.0.1:18078/")
    told = opened.evaluate(tries, URL)
    context.close()
    server.shutdown()
    say(f"another origin: {'; '.join(told)}")
    assert not any(line.startswith(("read: 2", "json: 2", "events: open")) for line in told), told
    assert ask("state")["services"][0]["model"] == before, "another origin has switched the gateway"


if __name__ == "__main__":
    with browser() as chromium:
        for test in (the_cascade_is_seen_and_ends, threads_that_come_shift_no_row, a_span_is_found_and_followed_by_keyboard_alone,
                a_request_without_a_thread_is_followed_by_keys, a_lesson_is_played, replicas_stand_side_by_side,
                what_a_step_promises_happens, the_limit_follows_from_the_settings, a_refused_bystander_is_no_healthy_one,
                figures_are_written_as_the_command_line_writes_them, two_runs_are_compared, it_is_readable, markup_stays_text, others_cannot_reach_in):
            if sys.argv[2:] and test.__name__ not in sys.argv[2:]:
                continue
            start = time.monotonic()
            # A chain of its own: rows and lanes of one test are not in another's way.
            for verb in ("down", "up"):
                subprocess.run(["bin/chainlab", verb, "--root", sys.argv[1]], check=True, capture_output=True)
            test(chromium)
            print(f"page: {test.__name__.replace('_', ' ')}: {time.monotonic() - start:.1f} s", flush=True)
