"""What must not get in: markup in names, and pages of other origins."""

import http.server
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from lab import URL, ask, chainlab, page, say, wait

MARKUP = '"><img src=x onerror=alert(1)>\u0007\'<b>'


def markup_stays_text(chromium, folder):
    alerts = []
    with page(chromium) as opened:
        opened.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        words = ["fault", "payment-service", "latency=700ms", f"user=x{MARKUP.replace(chr(7), '')}"]
        outcome = ask("commands", "POST", {"words": words})
        chainlab(folder, "fault", "payment-service", "error=503", 'header=x-a:<script>alert(1)</script>')
        for name in (MARKUP, "<script>alert(2)</script>"):
            path = urllib.parse.quote(name, safe="")
            request = urllib.request.Request(f"http://127.0.0.1:18080/users/{path}/payment-status", headers={"x-a": "<i>"})
            try:
                urllib.request.urlopen(request).read()
            except urllib.error.HTTPError as error:
                assert error.code in (400, 404), error
        wait("the fault is shown as text", lambda: "<script>" in opened.inner_text("article[aria-label=payment-service]"))
        opened.click("nav >> text=Timeline")
        opened.fill("#search", "<img")
        opened.press("#search", "Enter")
        wait("searched", lambda: "found" in opened.inner_text("#search-count") or " of " in opened.inner_text("#search-count"))
        opened.fill("#search", "alert(2)")
        opened.press("#search", "Enter")
        time.sleep(1)
        assert opened.locator("img, script:not([src]), b b, i").count() == 0
        assert outcome["command"].startswith("bin/chainlab fault payment-service latency=700ms '"), outcome
    assert not alerts, alerts


def others_cannot_reach_in(chromium, folder):
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
