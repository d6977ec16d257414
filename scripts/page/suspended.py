"""Lanes of requests that wait without a thread."""

import time

from lab import PICTURES, ask, chainlab, held, page, say, wait


def follow(chromium, folder, lanes_of):
    """Nobody is blocked when everybody is nonblocking-async: the requests that wait have rows of their own."""
    chainlab(folder, "mode", "all", "nonblocking-async")
    chainlab(folder, "fault", "payment-service", "latency=1s")
    with page(chromium, "/#/timeline") as opened:
        ask("commands", "POST", {"words": ["load", "--rate", "12", "--duration", "20s"]})
        wait("requests are suspended at the gateway", lambda: "call" in lanes_of(opened, "suspended"))
        time.sleep(3)
        assert all(held(service) == 0 for service in ("gateway", "user-service", "order-service"))
        opened.locator("#follow").focus()
        opened.keyboard.press("Enter")
        opened.locator("#lanes").focus()
        told = lambda: opened.inner_text("#lane-text")
        for _ in range(60):
            opened.keyboard.press("ArrowDown")
            if told().startswith("gateway (no thread)"):
                break
            time.sleep(0.05)
        for _ in range(20):
            if "suspended: call" in told():
                break
            opened.keyboard.press(".")
            time.sleep(0.05)
        assert told().startswith("gateway (no thread): suspended: call – user-service for "), told()
        found = wait("the chain is known", lambda: "Blocked by: " in told() and told())
        assert "payment-service (suspended, no thread) sleep fault: latency=1s" in found, found
        say(f"from: {found}")
        opened.screenshot(path=f"{PICTURES}/suspended.png", full_page=True)
        for service in ("user-service", "order-service", "payment-service"):
            opened.keyboard.press("]")
            wait(f"followed to {service}", lambda: told().startswith(f"{service} (no thread): suspended: "))
            assert opened.evaluate("async () => { const { view } = await import('/state.js'); return view.lanes[view.selection.lane]?.[2]; }") == "suspended"
        # One that was selected while it waited still has waited for less.
        assert "suspended: sleep – fault: latency=1s for " in told() and (" for 1" in told() or "so far" in told()), told()
        say(f"followed to: {told()}")
        opened.screenshot(path=f"{PICTURES}/suspended-followed.png", full_page=True)
        opened.keyboard.press("[")
        wait("back to who waits for it", lambda: told().startswith("order-service (no thread)"))
