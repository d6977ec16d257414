"""The README's pictures: a path of waits through a full chain, the same with the gateway switched, and ten seconds of it."""

import base64
import io
import sys
import time

from PIL import Image

from lab import ask, blocked, browser, chainlab, page, wait

FOLDER = sys.argv[1]
TARGET = sys.argv[2] if len(sys.argv) > 2 else "docs"
SIZE = {"width": 1440, "height": 900}
LIMIT = 2_000_000


def fill(opened):
    ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "90s"]})
    time.sleep(2)
    ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
    wait("the gateway is full", lambda: blocked(opened, "gateway") == 16)


def pictures(chromium):
    with page(chromium, color_scheme="light", **SIZE) as opened:
        fill(opened)
        time.sleep(3)
        opened.click("article[aria-label=user-service] .cell.call >> nth=5")
        wait("the path is shown", lambda: opened.locator("#selection .path").count() == 1 and opened.evaluate("async () => !!(await import('/state.js')).view.past"))
        time.sleep(0.5)
        opened.screenshot(path=f"{TARGET}/cascade.png")
        opened.keyboard.press("Escape")
        ask("commands", "POST", {"words": ["mode", "gateway", "nonblocking-async"]})
        opened.click("#follow")
        wait("the gateway is free", lambda: blocked(opened, "gateway") == 0, 40)
        time.sleep(6)
        opened.screenshot(path=f"{TARGET}/switched.png")


def animation(chromium):
    """Ten seconds as they pass: calm, slow, filling, full, switched."""
    chainlab(FOLDER, "down")
    chainlab(FOLDER, "up")
    script = [(1.0, ["fault", "payment-service", "latency=1s"]), (5.2, ["mode", "gateway", "nonblocking-async"])]
    frames = []
    with page(chromium, color_scheme="light", **SIZE) as opened:
        ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "30s"]})
        wait("requests are answered", lambda: ask("state")["figures"].get("gateway", {}).get("good", 0) > 20)
        # The browser tells of each change that it has drawn.
        browser_ = opened.context.new_cdp_session(opened)

        def take(frame):
            now = time.monotonic() - start
            if not frames or now - frames[-1][0] > 0.09:
                frames.append((now, base64.b64decode(frame["data"])))
            browser_.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

        start = time.monotonic()
        browser_.on("Page.screencastFrame", take)
        browser_.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
        while (now := time.monotonic() - start) < 10:
            if script and now >= script[0][0]:
                ask("commands", "POST", {"words": script.pop(0)[1]})
            opened.wait_for_timeout(50)
        browser_.send("Page.stopScreencast")
    images = [Image.open(io.BytesIO(frame)).convert("RGB") for _, frame in frames]
    lengths = [round(1000 * (after[0] - before[0])) for before, after in zip(frames, frames[1:])] + [1500]
    for quality in (70, 55, 40, 25):
        file = io.BytesIO()
        images[0].save(file, "WEBP", save_all=True, append_images=images[1:], duration=lengths, loop=0, quality=quality, method=4, minimize_size=True)
        if file.tell() < LIMIT:
            break
    assert file.tell() < LIMIT, f"{file.tell()} bytes"
    with open(f"{TARGET}/cascade.webp", "wb") as target:
        target.write(file.getvalue())
    print(f"{TARGET}/cascade.webp: {len(images)} frames, {sum(lengths) / 1000:.1f} s, {file.tell()} bytes")


with browser() as chromium:
    pictures(chromium)
    animation(chromium)
