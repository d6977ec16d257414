"""What a user does on the page, done in a real browser."""

import pathlib
import re
import sys
import time

import five
import hostile
import path
import places
import readable
import suspended
from lab import PICTURES, URL, ask, blocked, browser, chainlab, held, make_slow, page, say, taken_in_each, wait

FOLDER = sys.argv[1]
THREADS = "[aria-label='Worker threads of payment-service']"


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
        opened.screenshot(path=f"{PICTURES}/cascade.png", full_page=True)
        # Who is to blame is found out for those who look at it.
        opened.goto(f"{URL}/#/explanation")
        wait("the report names the cause", lambda: "payment-service sleep (fault: latency=1s)" in opened.inner_text("#report"))
        opened.goto(f"{URL}/#/chain")
        opened.select_option("article[aria-label=gateway] .model", "nonblocking-async")
        wait("the gateway's cells are free", lambda: blocked(opened, "gateway") == 0, 60)
        assert blocked(opened, "payment-service") > 0
        wait("the bystander is quick", lambda: opened.locator("#bystander.slow").count() == 0)
        opened.screenshot(path=f"{PICTURES}/switched.png", full_page=True)
        assert "mode gateway nonblocking-async" in opened.inner_text("#command")
        opened.click("article[aria-label=user-service] .code-button")
        wait("the handler is shown", lambda: "blocking" in opened.inner_text("#code h3"))
        waits = opened.locator("#code .line.stands", has_text=".get(.orderService")
        wait("the line that waits is marked", lambda: waits.count() == 1 and "12 threads" in waits.inner_text())
        opened.screenshot(path=f"{PICTURES}/code.png")
        opened.click("#code-close")
        opened.click("#reset")
        wait("all is as it was", lambda: "All is calm" in opened.inner_text("#banner") and "ended" in opened.inner_text("#load-state"), 60)
        wait("the gateway blocks again", lambda: opened.input_value("article[aria-label=gateway] .model") == "blocking")
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
    return opened.evaluate("async () => (await import('/state.js')).view.lanes.length")


def lanes_of(opened, prefix):
    """What the rows of threads with such names show, by state."""
    return opened.evaluate("""async prefix => {
      const { view } = await import("/state.js");
      const { STATES } = await import("/states.js");
      return view.lanes.flatMap((lane, index) => lane[1].startsWith(prefix) ? (view.byLane?.get(index) ?? []).map(slice => STATES[slice[2]].name) : []);
    }""", prefix)


def a_span_is_found_and_followed_by_keyboard_alone(chromium):
    with page(chromium, "/#/timeline") as opened:
        ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
        ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "30s"]})
        wait("the gateway is full", lambda: held("gateway") == 16)
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
            time.sleep(0.1)
            if opened.inner_text("#lane-text").startswith("gateway-w"):
                break
            before = opened.inner_text("#search-count")
            opened.keyboard.press("n")
            wait("the next hit is shown", lambda: opened.inner_text("#search-count") != before)
            time.sleep(0.4)
        found = opened.inner_text("#lane-text")
        assert found.startswith("gateway-w") and "sleep fault: latency=1s" in found, found
        say(f"from: {found}")
        for service in ("user-w", "order-w", "payment-w"):
            opened.keyboard.press("]")
            found = wait(f"followed to {service}", lambda: (text := opened.inner_text("#lane-text")).startswith(service) and text)
        assert "asleep – fault: latency=1s" in found, found
        say(f"followed to: {found}")
        path = opened.locator("#selection .path li").all_inner_texts()
        assert [text.split("-w")[0] for text in path] == ["gateway", "user", "order", "payment"], path
        opened.screenshot(path=f"{PICTURES}/followed.png", full_page=True)
        opened.keyboard.press("[")
        wait("back to who waits for it", lambda: opened.inner_text("#lane-text").startswith("order-w"))
        wait("the link tells the selection", lambda: "span=" in opened.evaluate("location.href"))
        opened.keyboard.press("m")
        wait("an area is measured", lambda: opened.locator("#area table").count() == 1)
        opened.keyboard.press("Escape")
        wait("all is cleared", lambda: opened.locator("#trace canvas").count() == 0)
    calm()


def a_request_without_a_thread_is_followed_by_keys(chromium):
    suspended.follow(chromium, FOLDER, lanes_of)
    calm()


def a_lesson_is_played(chromium):
    """Question by question on a page of its own, with one's own prediction and a run on chains of its own in between."""
    with page(chromium, "/#/lessons") as opened:
        opened.locator("#lesson-list a", has_text="retry-layers").first.click()
        lesson = opened.locator("#lesson-page")
        wait("its page is there", lambda: "How often is payment asked" in lesson.inner_text())
        lesson.locator(".predict input").first.fill("4")
        lesson.locator(".predict input").first.press("Tab")
        for question in ("What would you expect?", "Set it up", "Measure it on this machine"):
            lesson.get_by_role("button", name=question).click()
        assert "has not been run here yet" in lesson.inner_text(), lesson.inner_text()
        assert "retries=3" in lesson.locator(".box.changed").first.inner_text()
        lesson.get_by_role("button", name="Run it").click()
        wait("the lesson runs", lambda: "retry-layers runs" in opened.inner_text("#lesson-state"))
        wait("it has ended", lambda: "retry-layers has ended" in opened.inner_text("#lesson-state"), 90)
        wait("its result is there", lambda: "64 attempts" in lesson.inner_text())
        label = lesson.locator(".plot svg").get_attribute("aria-label")
        assert "measured 64 attempts, predicted 64 attempts, you said 4 attempts" in label, label
        lesson.get_by_role("button", name="What fixes it, and what does the fix cost?").click()
        opened.screenshot(path=f"{PICTURES}/lesson.png", full_page=True)
        assert "Retry in one layer only" in lesson.inner_text()
        opened.go_back()
        wait("the list is there again", lambda: opened.locator("#lesson-list a:visible").count() > 10)
    calm()


def replicas_stand_side_by_side(chromium):
    """A second payment-service, started from the page, is shown beside the first and takes its share."""
    with page(chromium) as opened:
        opened.click("#steps-open")
        opened.get_by_role("button", name="One more payment-service").click()
        wait("it is there", lambda: opened.locator("article[aria-label=payment-service-2]").count() == 1, 30)
        # With eight threads it is not payment-service that sets it any more.
        wait("the limit counts both", lambda: "at most" in opened.inner_text("#limit") and "payment" not in opened.inner_text("#limit"))
        wait("both have work", lambda: blocked(opened, "payment-service") > 0 and blocked(opened, "payment-service-2") > 0, 30)
        opened.screenshot(path=f"{PICTURES}/replicas.png", full_page=True)
        opened.click("#reset")
        wait("it has gone", lambda: opened.locator("article[aria-label=payment-service-2]").count() == 0, 60)
    calm()


def what_a_step_promises_happens(chromium):
    """The page says beforehand which pools are saturated: order-service, where payment has more threads."""
    def saturated():
        return opened.evaluate("""() => [...document.querySelectorAll("article.service[data-fullness=saturated]")].map(node => node.getAttribute("aria-label"))""")
    with page(chromium) as opened:
        opened.click("#steps-open")
        step = opened.get_by_role("button", name="A larger pool")
        wait("the steps are foretold", lambda: step.count() == 1)
        text = step.inner_text()
        assert "order is saturated after" in text and "payment is saturated" not in text, text
        say(f"promised: {text}")
        step.click()
        wait("order is saturated", lambda: set(saturated()) == {"order-service", "user-service", "gateway"}, 40)
        opened.screenshot(path=f"{PICTURES}/larger-pool.png", full_page=True)
        opened.click("#reset")
        wait("payment has its threads again", lambda: opened.input_value(THREADS) == "4", 60)
    calm()


def the_limit_follows_from_the_settings(chromium):
    with page(chromium) as opened:
        hint = lambda: opened.inner_text("#limit")
        make_slow(opened, 7)
        wait("4 threads", lambda: "payment's 4 threads" in hint() and "at most 3.9" in hint())
        opened.fill(THREADS, "16")
        opened.press(THREADS, "Enter")
        wait("order is the narrowest", lambda: "order's 8 threads" in hint())
        for service in ("gateway", "user-service", "order-service", "payment-service"):
            opened.select_option(f"article[aria-label={service}] .model", "nonblocking")
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
        assert "≥" in text, text
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
        opened.click("nav >> text=Runs")
        wait("both runs are listed", lambda: first in opened.inner_text("#run-list") and second in opened.inner_text("#run-list"))
        opened.select_option("#run-a", first)
        opened.select_option("#run-b", second)
        opened.click("#compare")
        wait("the verdict and the comparison are there", lambda: opened.locator("#comparison table:visible").count() == 3, 30)
        text = opened.inner_text("#comparison")
        assert "response time p50" in text and "more" in text and "within noise" in text, text
        assert opened.locator("#comparison canvas").count() == 2
        opened.screenshot(path=f"{PICTURES}/compared.png", full_page=True)
        opened.locator("#comparison a", has_text=first).click()
        wait("the old run is shown", lambda: opened.inner_text("#run-title") == f"Run {first}")
        wait("the chain is shown at its worst moment", lambda: opened.inner_text("#banner").startswith("At +"))
        opened.screenshot(path=f"{PICTURES}/run.png", full_page=True)
        opened.click("nav >> text=Explanation")
        opened.click("#explain-run")
        wait("it is explained", lambda: first in opened.inner_text("#explained"))
        opened.go_back()
        opened.go_back()
        wait("the way back leads to the comparison", lambda: opened.locator("#comparison table:visible").count() == 3, 30)
    calm()


# What `make test` drives as well: it takes less than a minute.
QUICK = (five.by_mouse, five.by_touch, five.by_keyboard, readable.by_everybody, places.a_hand_on_the_axis_moves_both)
ALL = (*QUICK, path.its_times_cover_nothing, places.addresses_lead_back, places.pictures_are_taken, places.a_graph_is_drawn, readable.in_between, readable.enlarged, readable.in_words_and_contrast,
    hostile.markup_stays_text, hostile.others_cannot_reach_in)
OWN = (the_cascade_is_seen_and_ends, threads_that_come_shift_no_row, a_span_is_found_and_followed_by_keyboard_alone,
    a_request_without_a_thread_is_followed_by_keys, a_lesson_is_played, replicas_stand_side_by_side, what_a_step_promises_happens,
    the_limit_follows_from_the_settings, a_refused_bystander_is_no_healthy_one, figures_are_written_as_the_command_line_writes_them, two_runs_are_compared)


def run(test, chromium, more):
    """On a chain of its own: rows and lanes of one test are not in another's way."""
    for verb in ("down", "up"):
        chainlab(FOLDER, verb)
    test(chromium, *more)


def main(names):
    isQuick = names == ["quick"]
    tests = [(test, (FOLDER,)) for test in (QUICK if isQuick else ALL)] + ([] if isQuick else [(test, ()) for test in OWN])
    with browser() as chromium:
        for test, more in tests:
            if names and not isQuick and test.__name__ not in names:
                continue
            start = time.monotonic()
            try:
                run(test, chromium, more)
            except Exception as error:
                # Of `make test`: a browser beside other work may come too late once. What is wrong fails twice.
                if not isQuick:
                    raise
                print(f"page: {test.__name__.replace('_', ' ')} FAILED, once more: {error}", flush=True)
                run(test, chromium, more)
            print(f"page: {test.__module__.replace('__main__', '')} {test.__name__.replace('_', ' ')}: {time.monotonic() - start:.1f} s".replace("  ", " "), flush=True)


if __name__ == "__main__":
    main(sys.argv[2:])
