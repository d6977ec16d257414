"""That everybody can read and reach it: axe, sizes, contrast, zoom, less motion."""

from axe_playwright_python.sync_playwright import Axe
from lab import PICTURES, ask, blocked, page, say, wait

PLACES = ("chain", "timeline", "explanation", "lessons", "lessons/retry-layers", "runs")


def examine(opened, name):
    """Nothing wider than the screen, nothing too small to hit, and no violation that axe knows."""
    wide, screen = opened.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen, f"{name}: {wide} pixels wide on a screen of {screen}"
    small = opened.evaluate("""() => [...document.querySelectorAll("button, select, input, a")]
      .filter(node => node.offsetParent && !node.closest(".cells, label:has([type=checkbox])") && !node.matches(".skip") && node.getBoundingClientRect().height < 24)
      .map(node => node.outerHTML.slice(0, 90))""")
    assert not small, f"{name}: too small to hit: {small}"
    axe = Axe().run(opened).response
    assert len(axe["passes"]) > 15, f"{name}: axe has hardly looked: {len(axe['passes'])} rules passed"
    found = [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in axe["violations"]]
    assert not found, f"{name}: {found}"
    return len(axe["passes"])


def fill():
    ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
    ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "60s"]})


def by_everybody(chromium, folder, sizes=(("light", 1440), ("dark", 390))):
    """Light and dark, wide and narrow, with a path of waits and the code beside it."""
    fill()
    for scheme, width in sizes:
        with page(chromium, width=width, height=900, color_scheme=scheme, reduced_motion="reduce") as opened:
            wait("cells are blocked", lambda: blocked(opened, "payment-service") == 4)
            moving = opened.evaluate("document.getAnimations().length")
            assert moving == 0, f"{moving} things move though less motion is wanted"
            opened.click("article[aria-label=payment-service] .code-button")
            opened.click("article[aria-label=payment-service] .cell >> nth=0")
            wait("a thread is selected", lambda: "payment-w1" in opened.inner_text("#lane-text"))
            opened.screenshot(path=f"{PICTURES}/{scheme}-{width}.png", full_page=width < 500)
            passed = examine(opened, f"{scheme}, {width} pixels")
            say(f"{scheme}, {width} pixels: axe finds no violation ({passed} rules passed)")


def in_between(chromium, folder):
    by_everybody(chromium, folder, (("dark", 1440), ("light", 1024), ("light", 390)))


def enlarged(chromium, folder):
    """Every place at 200 %: a screen of 1440 by 900 has room for 720 by 450 then."""
    fill()
    with page(chromium, width=720, height=450, device_scale_factor=2) as opened:
        for place in PLACES:
            opened.goto(opened.url.split("#")[0] + f"#/{place}")
            wait("it is there", lambda: opened.evaluate("location.hash").startswith(f"#/{place}"))
            opened.wait_for_timeout(700)
            opened.screenshot(path=f"{PICTURES}/zoom-{place.replace('/', '-')}.png", full_page=True)
            examine(opened, f"{place} at 200 %")


def in_words_and_contrast(chromium, folder):
    """Each place in both themes; and each colour of text against each ground that it stands on, 4.5 : 1 at least."""
    for scheme in ("light", "dark"):
        with page(chromium, height=900, color_scheme=scheme) as opened:
            for place in PLACES:
                opened.goto(opened.url.split("#")[0] + f"#/{place}")
                opened.wait_for_timeout(700)
                opened.screenshot(path=f"{PICTURES}/{scheme}-{place.replace('/', '-')}.png", full_page=True)
                examine(opened, f"{place}, {scheme}")
            low = opened.evaluate(CONTRAST)
            assert not low, f"{scheme}: less than 4.5 : 1: {low}"


CONTRAST = """() => {
  const style = getComputedStyle(document.documentElement);
  const light = name => {
    const hex = style.getPropertyValue(name).trim().slice(1);
    const [r, g, b] = [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16) / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const low = [];
  for (const text of ["--ink", "--soft", "--accent", "--warn", "--bad", "--good"])
    for (const ground of ["--page", "--ground", "--panel"]) if (ratio(text, ground) < 4.5) low.push(`${text} on ${ground} ${ratio(text, ground)}`);
  for (const cell of ["--running", "--db", "--lock", "--sleep", "--file", "--other"]) if (ratio("--ground", cell) < 4.5) low.push(`letter on ${cell} ${ratio("--ground", cell)}`);
  return low;
}"""
