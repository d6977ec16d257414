"""What a storm has counted and found, said as it goes and once more at the end."""

import sys
import time


class Part:
    def __init__(self, name):
        self.name = name
        self.figures = {}
        self.failures = []
        self.skipped = None
        self.started = time.monotonic()

    def count(self, what, number=1):
        self.figures[what] = self.figures.get(what, 0) + number

    def most(self, what, number):
        self.figures[what] = max(self.figures.get(what, 0), number)

    def say(self, text):
        print(f"storm: {time.monotonic() - self.started:6.1f} s  {self.name}: {text}", file=sys.stderr, flush=True)

    def check(self, held, words):
        if not held:
            self.failures.append(words)
            self.say(f"FAILED: {words}")
        return held

    def skip(self, why):
        self.skipped = why
        self.say(f"left out: {why}")


class Report:
    def __init__(self):
        self.parts = []

    def part(self, name):
        self.parts.append(Part(name))
        return self.parts[-1]

    @property
    def failures(self):
        return sum(len(part.failures) for part in self.parts)

    def table(self):
        lines = []
        for part in self.parts:
            state = "left out" if part.skipped else "FAILED" if part.failures else "held"
            figures = ", ".join(
                f"{what} {number:.2f}" if isinstance(number, float) else f"{what} {number}"
                for what, number in part.figures.items())
            lines.append(f"{part.name:12} {state:9} {part.skipped or figures}")
            lines += [f"{'':12}           {words}" for words in part.failures]
        return "\n".join(lines)
