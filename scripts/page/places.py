"""Places and their addresses, the hand on the axis, pictures to take away, and systems that are no chain."""

import base64
import pathlib
import re
import subprocess

from lab import PICTURES, URL, ask, blocked, chainlab, page, say, wait


def cascade(opened):
    ask("commands", "POST", {"words": ["load", "--rate", "20", "--duration", "60s"]})
    wait("requests are answered", lambda: ask("state")["figures"].get("gateway", {}).get("good", 0) > 5)
    ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
    wait("the gateway is full", lambda: blocked(opened, "gateway") == 16)


def taken(opened):
    return opened.locator("#services .cell:not(.idle)").count()


def a_hand_on_the_axis_moves_both(chromium, folder):
    """Moved to the left, the chain empties as it was before, while the lanes show the same moment; at its end it is live again."""
    with page(chromium, height=900) as opened:
        cascade(opened)
        opened.wait_for_timeout(1500)
        assert taken(opened) >= 40
        hand = opened.locator("#hand")
        box = hand.bounding_box()
        started = wait("the axis has the fault's flag", lambda: opened.evaluate("""async () => {
          const { view } = await import("/state.js");
          const { scaleFor } = await import("/scale.js");
          const lanes = document.getElementById("lanes");
          const fault = view.overview.events.find(event => event[2].startsWith("fault"));
          return fault ? scaleFor(lanes.clientWidth).x(fault[0] - 3e8) + lanes.getBoundingClientRect().left : null;
        }"""))
        opened.mouse.click(started, box["y"] + box["height"] / 2)
        wait("the chain is shown before the fault", lambda: opened.inner_text("#banner").startswith("At +") and taken(opened) < 12)
        at = opened.evaluate("async () => (await import('/state.js')).view.at")
        lanes = ask(f"runs/current/lanes?from={int(at)}&to={int(at) + 1}&cells=1&first=0&count=1000")["lanes"]
        overview = ask("runs/current?cells=1")["lanes"]
        busy = sum(1 for lane in lanes if lane["slices"] and overview[lane["lane"]][2] == "worker")
        assert taken(opened) == busy, f"{taken(opened)} cells taken, {busy} threads at something"
        opened.screenshot(path=f"{PICTURES}/past.png")
        hand.focus()
        before = opened.evaluate("async () => (await import('/state.js')).view.at")
        for _ in range(3):
            opened.keyboard.press("ArrowRight")
        wait("keys move it", lambda: opened.evaluate("async () => (await import('/state.js')).view.at") > before)
        assert "at=" in wait("the address tells the moment", lambda: "at=" in opened.evaluate("location.hash") and opened.evaluate("location.hash"))
        opened.keyboard.press("End")
        wait("it is live again", lambda: taken(opened) >= 40 and opened.get_attribute("#follow", "aria-pressed") == "true")


def addresses_lead_back(chromium, folder):
    """Each place has an address; back goes back; a link that was copied leads to the same span in a new page."""
    with page(chromium, height=900) as opened:
        cascade(opened)
        opened.click("article[aria-label=user-service] .cell.call")
        wait("the path is shown", lambda: opened.locator("#selection .path").count() == 1)
        for place in ("Timeline", "Explanation", "Lessons", "Runs"):
            opened.click(f"nav >> text={place}")
            wait(f"{place} has its address", lambda: opened.evaluate("location.hash").startswith(f"#/{place.lower()}"))
            wait("its title says so", lambda: place in opened.title())
        for place in ("lessons", "explanation", "timeline", "chain"):
            opened.go_back()
            wait(f"back at {place}", lambda: opened.evaluate("document.body.dataset.place") == place)
        told = opened.inner_text("#selection h3")
        link = opened.evaluate("async () => (await import('/route.js')).address(true)")
        assert link.startswith("#/runs/") and "span=" in link and "at=" in link, link
    with page(chromium, f"/{link}", height=900) as opened:
        wait("the link leads to the selection", lambda: opened.inner_text("#selection h3") == told)
        opened.goto(f"{URL}/#/nosuch/place")
        wait("what is no place is the chain", lambda: opened.evaluate("document.body.dataset.place") == "chain")


def pictures_are_taken(chromium, folder):
    with page(chromium, height=900, accept_downloads=True, permissions=["clipboard-read", "clipboard-write"]) as opened:
        cascade(opened)
        opened.click("article[aria-label=user-service] .cell.call")
        wait("the path is shown", lambda: opened.locator("#selection .path").count() == 1)
        opened.select_option("#take", "png")
        wait("it is in the clipboard", lambda: "clipboard" in opened.inner_text("#outcome"))
        png = base64.b64decode(opened.evaluate("""async () => {
          const bytes = new Uint8Array(await (await (await navigator.clipboard.read())[0].getType("image/png")).arrayBuffer());
          return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
        }"""))
        with open(f"{PICTURES}/taken.png", "wb") as file:
            file.write(png)
        assert png[:8] == b"\x89PNG\r\n\x1a\n" and len(png) > 60_000, f"{len(png)} bytes"
        opened.click("#copy-link")
        link = opened.evaluate("navigator.clipboard.readText()")
        assert "/#/runs/" in link and "span=" in link, link
        with opened.expect_download() as download:
            opened.select_option("#take", "svg")
        text = download.value.path().read_text()
        assert "payment has a fault" in text and "bin/chainlab" in text and "<script" not in text
        opened.emulate_media(media="print")
        opened.pdf(path=f"{PICTURES}/printed.pdf", prefer_css_page_size=True)
        with open(f"{PICTURES}/printed.pdf", "rb") as file:
            pages = file.read().count(b"/Type /Page\n")
        assert pages <= 1, f"printed on {pages} pages"


def a_graph_is_drawn(chromium, folder):
    """A system of twenty services stands on one screen, and its waits are followed as a chain's are."""
    chainlab(folder, "down")
    subprocess.run(["bin/chainlab", "topology", "generate", "mesh:20", "-o", f"{folder}/m20.yaml"], check=True, capture_output=True)
    file = pathlib.Path(f"{folder}/m20.yaml")
    ports = lambda found: f"{found.group()}\n    port: {18100 + int(found.group(1))}\n    control_port: {19100 + int(found.group(1))}"
    file.write_text(re.sub(r"^  service-(\d+):", ports, file.read_text(), flags=re.M) + "dashboard:\n  port: 18079\n")
    chainlab(folder, "up", "--topology", file)
    with page(chromium, height=900, services=20) as opened:
        ask("commands", "POST", {"words": ["load", "--rate", "40", "--duration", "20s"]})
        ask("commands", "POST", {"words": ["fault", "service-20", "latency=1s"]})
        wait("something is waiting", lambda: opened.locator(".lines path.waiting").count() > 0)
        opened.wait_for_timeout(5000)
        opened.screenshot(path=f"{PICTURES}/mesh.png")
        wide = opened.evaluate("document.documentElement.scrollWidth")
        assert wide <= 1440, wide
        say(f"twenty services: {opened.locator('.lines path.waiting').count()} lines on which something waits")
    chainlab(folder, "down")
