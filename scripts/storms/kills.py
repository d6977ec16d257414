"""Kills under load, with switches, resizes, faults and policies at random."""

import os
import random
import signal
import time

from storms import ledgers
from storms.lab import SERVICES, Lab, until

MODELS = ["blocking", "async", "nonblocking", "nonblocking-async"]
CALLEES = {"gateway": "user-service", "user-service": "order-service", "order-service": "payment-service"}


def change(lab, chance):
    """One change at a control port. The status that it was answered with; 0: nobody was there."""
    name = chance.choice(SERVICES)
    kind = chance.choice(["mode", "mode", "mode", "pool", "pool", "fault", "fault", "heal", "policy"])
    if kind == "mode":
        return lab.control(name, "PUT", "/mode", {"mode": chance.choice(MODELS)})
    if kind == "pool":
        return lab.control(name, "PUT", "/pool", {"threads": chance.randint(1, 24), "queue": chance.randint(0, 100)})
    if kind == "fault":
        fault = chance.choice([
            {"latency": f"{chance.randint(1, 40)}ms"}, {"error": "500", "share": "0.2"}, {"reset": "", "share": "0.1"},
            {"block-loop": "5ms", "share": "0.2"}, {"stall": "50ms"}, {"hang": "", "share": "0.02"}])
        return lab.control(name, "PUT", "/fault", {**fault, "for": "1s"})
    if kind == "heal":
        return lab.control(name, "DELETE", "/fault")
    callee = CALLEES.get(name)
    if callee is None:
        return lab.control(name, "PUT", "/admission", {"leave": chance.choice(["cancel", "finish"])})
    policy = chance.choice([
        {"clear": True}, {"retries": "2", "backoff": "5ms"}, {"timeout": "500ms"}, {"bulkhead": "8"},
        {"breaker": "50%", "breaker_open": "200ms"}])
    return lab.control(name, "PUT", "/policy", {"callee": callee, **policy})


class Storm:
    def __init__(self, part, lab, chance):
        self.part, self.lab, self.chance = part, lab, chance
        self.load = None

    def start_load(self):
        self.load = self.lab.start(
            "load", "--rate", "60", "--poisson", "--duration", "600s", "--timeout", "5s", "--seed",
            str(self.chance.randint(1, 1 << 30)))

    def end_load(self):
        if self.load.poll() is None:
            self.load.send_signal(signal.SIGINT)
        try:
            self.load.wait(30)
        except Exception:
            self.part.check(False, "a load did not end within 30 s of its Ctrl-C")
            self.load.kill()
            self.load.wait()

    def change(self, count):
        for _ in range(count):
            status = change(self.lab, self.chance)
            self.part.count("changes")
            if status == 0:
                self.part.count("of them nobody was there for")
            elif status >= 300:
                self.part.count("refused")
                self.part.check(False, f"a change was answered with {status}")

    def kill(self):
        victim = self.chance.choices(["service", "page", "load", "supervisor"], [80, 7, 7, 6])[0]
        self.part.count(f"{victim} killed")
        if victim == "service":
            pid = self.lab.pid(self.chance.choice(SERVICES))
            if pid:
                self._kill(pid)
        elif victim == "page":
            page = (self.lab.state() or {}).get("page") or {}
            if page.get("process"):
                self._kill(page["process"]["pid"])
        elif victim == "load":
            self.load.kill()
            self.load.wait()
            self.start_load()
        else:
            self._kill((self.lab.state() or {})["supervisor"]["pid"])
            self.end_load()
            self.lab.expect_up(self.part)
            self.start_load()

    @staticmethod
    def _kill(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def heal(lab):
    for name in SERVICES:
        lab.control(name, "DELETE", "/fault")
        lab.control(name, "DELETE", "/policy")
        lab.control(name, "PUT", "/pool", {"threads": 16, "queue": 100})


def kills(part, tree, program, options):
    chance = random.Random(options.seed)
    left, number = options.kills, 0
    while left > 0:
        count, number = min(ledgers.KILLS, left), number + 1
        left -= count
        lab = Lab(tree, program)
        try:
            one_round(part, lab, chance, count, options.changes // options.kills)
        finally:
            lab.end()
        part.say(f"round {number}: {options.kills - left} of {options.kills} kills, {part.figures}")


def one_round(part, lab, chance, count, changes):
    if not lab.expect_up(part):
        return
    storm = Storm(part, lab, chance)
    storm.start_load()
    for _ in range(count):
        storm.change(changes)
        time.sleep(chance.uniform(0.1, 0.6))
        storm.kill()
    began = time.monotonic()
    back = until(lambda: heal(lab) or lab.is_served(), 20)
    part.check(back, "the chain does not serve again 20 s after the last kill")
    part.most("served again, s", time.monotonic() - began)
    part.check(until(lambda: lab.page() == 200, 10), "the page is not served again")
    storm.end_load()
    lab.down(part)
    for run in lab.runs():
        ledgers.compare(part, lab, run)
    lab.expect_up(part)
    part.check(lab.is_served(), "the next chain does not serve")
    lab.down(part)
