"""The path of waits over the chain: its times and its line cover nothing that is read."""

from lab import PICTURES, ask, blocked, page, say, wait

COVERED = """() => {
  const chain = document.getElementById("services");
  const own = ".hops, .lines.over";
  const read = [];
  // Of what scrolls, the part that is seen.
  const keep = (what, box, node) => {
    const within = node.closest(".cells")?.getBoundingClientRect() ?? box;
    const seen = { left: box.left, right: box.right, top: Math.max(box.top, within.top), bottom: Math.min(box.bottom, within.bottom) };
    if (seen.right > seen.left && seen.bottom > seen.top) read.push({ what, box: seen });
  };
  const texts = document.createTreeWalker(chain, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const { currentNode: node } = texts;
    if (!node.data.trim() || node.parentElement.closest(`${own}, option, .cell`)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) keep(node.data, box, node.parentElement);
  }
  for (const node of chain.querySelectorAll(".cell, meter, select, input, canvas")) keep(node.getAttribute("aria-label"), node.getBoundingClientRect(), node);
  const covered = [];
  // By a pixel and more: what touches does not cover.
  const find = (who, { left, right, top, bottom }) => {
    const hit = read.find(({ box }) => left < box.right - 1 && right > box.left + 1 && top < box.bottom - 1 && bottom > box.top + 1);
    if (hit) covered.push(`${who} over ${hit.what}`);
  };
  const labels = [...chain.querySelectorAll(".hop-time, .lines.over text, .lines.over rect")];
  for (const label of labels) find(`"${label.textContent}"`, label.getBoundingClientRect());
  const lines = [...chain.querySelectorAll(".lines.over path:not(.halo)")];
  for (const line of lines) {
    const place = line.getScreenCTM();
    for (let at = 0; at < line.getTotalLength(); at += 2) {
      const { x, y } = line.getPointAtLength(at).matrixTransform(place);
      find("the line", { left: x, right: x, top: y, bottom: y });
    }
  }
  return { labels: labels.length, lines: lines.length, covered: [...new Set(covered)] };
}"""


def covers_nothing(opened, times=2):
    told = opened.evaluate(COVERED)
    assert told["labels"] >= times and told["lines"] >= times, f"the path is not drawn over the chain: {told}"
    assert not told["covered"], f"at {opened.viewport_size}: {told['covered']}"


def its_times_cover_nothing(chromium, folder):
    """Pressed once and followed through the queue to its end: wide, middling and narrow, light and dark."""
    ask("commands", "POST", {"words": ["fault", "payment-service", "latency=1s"]})
    ask("commands", "POST", {"words": ["load", "--rate", "30", "--duration", "60s"]})
    for width in (1440, 1024, 390):
        for scheme in ("light", "dark"):
            with page(chromium, width=width, height=900, color_scheme=scheme) as opened:
                wait("the chain is full", lambda: blocked(opened, "gateway") == 16)
                # Of each row of cells one.
                for place in (1, 11):
                    cell = opened.locator("article[aria-label=user-service] .cell.call").nth(place)
                    thread = cell.get_attribute("data-thread")
                    cell.click()
                    hops = opened.locator("#selection .path li")
                    drawn = lambda: hops.count() >= 2 and hops.count() == opened.locator(".hop-time").count()
                    wait("its path is shown", lambda: opened.inner_text("#selection h3") == thread and drawn())
                    covers_nothing(opened)
                    for _ in range(3):
                        last = hops.last.inner_text()
                        if "queued" not in last:
                            break
                        opened.locator("#selection .hop.here").click()
                        wait("it goes on", lambda: drawn() and hops.last.inner_text() != last)
                    covers_nothing(opened, 4)
                opened.screenshot(path=f"{PICTURES}/path-{width}-{scheme}.png", full_page=width < 1200)
    say("the times of a path cover nothing at 1440, 1024 and 390 pixels")
