"""The main job in five steps, each without scrolling: start a load, slow payment, watch, switch, follow a wait to its end."""

from lab import PICTURES, ask, blocked, chainlab, page, say, taken_in_each, wait
from path import covers_nothing

SIZES = {"payment-service": 4, "order-service": 8, "user-service": 12, "gateway": 16}
CARD = "article[aria-label={}]"


class Mouse:
    """Presses as a hand with a mouse does, and counts them."""

    def __init__(self, opened):
        self.opened, self.presses = opened, 0

    def press(self, selector):
        self.presses += 1
        self.opened.locator(selector).first.click()

    def slide(self, selector, share):
        self.presses += 1
        box = self.opened.locator(selector).bounding_box()
        self.at(box["x"] + 8 + (box["width"] - 16) * share, box["y"] + box["height"] / 2)

    def at(self, x, y):
        self.opened.mouse.click(x, y)

    def choose(self, selector, value):
        """A list opens with one press, and a line of it is another."""
        self.presses += 2
        self.opened.locator(selector).select_option(value)


class Touch(Mouse):
    """The same with a finger."""

    def press(self, selector):
        self.presses += 1
        self.opened.locator(selector).first.tap()

    def at(self, x, y):
        self.opened.touchscreen.tap(x, y)


class Keyboard(Mouse):
    """The same without any pointer: goes to a thing with Tab, then presses keys."""

    def go(self, selector):
        self.opened.locator("#skip").focus()
        for _ in range(200):
            if self.opened.evaluate("selector => document.activeElement === document.querySelector(selector)", selector):
                return
            self.opened.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {selector}")

    def press(self, selector):
        self.presses += 1
        self.go(selector)
        self.opened.keyboard.press("Enter")

    def slide(self, selector, share):
        self.go(selector)
        for _ in range(round(share * 10)):
            self.opened.keyboard.press("ArrowRight")

    def choose(self, selector, value):
        self.go(selector)
        names = self.opened.locator(f"{selector} option").evaluate_all("options => options.map(option => option.value)")
        for _ in range(names.index(value)):
            self.opened.keyboard.press("ArrowDown")


def without_scrolling(opened, selector):
    """The page stands where it stood, and what is used is in sight."""
    told = opened.evaluate("""selector => {
      const box = document.querySelector(selector).getBoundingClientRect();
      const all = document.scrollingElement;
      return [scrollX + scrollY, all.scrollHeight - innerHeight, box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth];
    }""", selector)
    assert told == [0, 0, True], f"{selector}: scrolled, larger than the screen or out of sight: {told}"


def steps(opened, hand):
    """All five; returns how many presses each took."""
    presses = []

    def step(selector, action):
        before = hand.presses
        without_scrolling(opened, selector)
        action()
        without_scrolling(opened, selector)
        presses.append(hand.presses - before)

    step("#load-start", lambda: hand.press("#load-start"))
    wait("the load runs", lambda: ask("state").get("load"))
    slow = f"{CARD.format('payment-service')} .slow"
    step(slow, lambda: hand.slide(slow, 0.7))
    wait("payment is slow", lambda: any("latency=1s" in text for text in ask("state")["services"][3]["faults"]))
    step("#banner", lambda: wait("all cells are taken", lambda: taken_in_each(opened) == {name: SIZES[name] for name in taken_in_each(opened)}))
    wait("the bystander waits", lambda: opened.locator("#bystander.slow").count() == 1)
    model = f"{CARD.format('gateway')} .model"
    step(model, lambda: hand.choose(model, "nonblocking-async"))
    # Those that hold one go on: 80 of them at 4 a second.
    wait("the gateway's requests hold no thread", lambda: "suspended, no thread" in opened.inner_text(f"{CARD.format('gateway')} .badge"), 45)
    models = [text for _, service, text in ask("runs/current?cells=1")["events"] if service == "gateway" and text.startswith("IO model")]
    assert models[1:] == ["IO model nonblocking-async"], f"switched to what keys passed by: {models}"
    cell = f"{CARD.format('user-service')} .cell.call"
    wait("user-service is blocked", lambda: blocked(opened, "user-service") == SIZES["user-service"])
    before = hand.presses
    follow(opened, hand, cell)
    presses.append(hand.presses - before)
    return presses


def follow(opened, hand, cell):
    """A press shows the whole chain of waits; where it ends in a queue, another goes on to whom the queue waits for."""
    without_scrolling(opened, cell)
    hand.press(cell)
    path = opened.locator("#selection .path")
    try:
        wait("the path is shown", lambda: path.count() == 1 and path.locator("li").count() >= 2)
    except AssertionError as error:
        raise AssertionError(f"{error}: {opened.inner_text('#lane-text')}; {opened.inner_text('#selection')}") from error
    if "sleep" not in path.locator("li").last.inner_text():
        hand.press("#selection .hop.here")
    last = wait("its end is who sleeps", lambda: (text := path.locator("li").last.inner_text()) and "sleep fault: latency=1s" in text and text)
    assert last.startswith("payment-w"), last
    # Both at one moment: they go on with the wait.
    said, here = opened.evaluate("""() => ["#selection p", "#selection .path .hop.here .n"]
      .map((place) => document.querySelector(place).innerText)""")
    assert "so far" not in said or here.removeprefix("≥ ") in said, f"two figures for one wait: {here}; {said}"
    assert path.locator("li").first.inner_text().startswith("gateway"), path.inner_text()
    covers_nothing(opened, 3)
    say(f"the path: {' → '.join(path.inner_text().split(chr(10)))}")
    without_scrolling(opened, "#selection .path")
    without_scrolling(opened, "#lanes")


def main_job(chromium, hand, name, **options):
    with page(chromium, height=900, **options) as opened:
        presses = steps(opened, hand(opened))
        opened.screenshot(path=f"{PICTURES}/five-{name}.png")
        if hand is not Keyboard:
            assert max(presses) <= 2, f"presses of each step: {presses}"
        return presses


def by_mouse(chromium, folder):
    say(f"presses of the five steps: {main_job(chromium, Mouse, 'mouse')}")


def by_touch(chromium, folder):
    main_job(chromium, Touch, "touch", has_touch=True)


def by_keyboard(chromium, folder):
    main_job(chromium, Keyboard, "keyboard")
