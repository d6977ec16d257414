"""The four IO models under the same slow payment, side by side: who waits for what, and for how long."""

import base64
import sys
import time

from lab import PICTURES, ask, browser, chainlab, page, say, wait

FOLDER = sys.argv[1]
MODELS = ["blocking", "async", "nonblocking", "nonblocking-async"]


def main(target=f"{PICTURES}/models.png"):
    with browser() as chromium:
        cells = []
        for model in MODELS:
            # A chain that has just begun has no threads of another model.
            chainlab(FOLDER, "down")
            chainlab(FOLDER, "up")
            chainlab(FOLDER, "mode", "all", model)
            chainlab(FOLDER, "fault", "payment-service", "latency=500ms")
            with page(chromium, "/#/timeline", width=1000, height=1300) as opened:
                ask("commands", "POST", {"words": ["load", "--rate", "6", "--duration", "8s"]})
                time.sleep(7)
                opened.locator("#follow").click()
                opened.evaluate("async () => { const { show } = await import('/fetch.js'); const { view } = await import('/state.js'); show(view.end - 3e9, view.end); }")
                time.sleep(1)
                picture = base64.b64encode(opened.locator("#lanes-box").screenshot()).decode()
                cells.append(f'<figure><figcaption>{model}</figcaption><img src="data:image/png;base64,{picture}"></figure>')
                wait("the load is over", lambda: not ask("state").get("load"), 30)
        context = chromium.new_context(viewport={"width": 2040, "height": 900})
        sheet = context.new_page()
        sheet.set_content("<style>body{display:grid;grid-template-columns:1fr 1fr;font:18px sans-serif}figure{margin:8px}</style>" + "".join(cells))
        sheet.screenshot(path=target, full_page=True)
        context.close()
    say(f"see {target}")


main(*sys.argv[2:])
