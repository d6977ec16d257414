"""A chain of a storm's own, used and looked at as its user would."""

import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

SERVICES = ["gateway", "user-service", "order-service", "payment-service"]
STATUS = "/users/ada/payment-status"


def free_ports(count):
    ports = set()
    while len(ports) < count:
        port = random.SystemRandom().randrange(10_000, 20_000)
        try:
            for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                with socket.socket(family) as probe:
                    probe.bind((host, port))
            ports.add(port)
        except OSError:
            continue
    return sorted(ports)


def is_free(port):
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno == 98:
                    return False
    return True


def until(condition, seconds=15.0):
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.02)


class Lab:
    def __init__(self, tree, program, change=lambda text: text):
        self.program = str(program)
        self.root = Path(tempfile.mkdtemp(prefix="chainlab-storm-"))
        ports = free_ports(9)
        self.service_ports = dict(zip(SERVICES, ports[:4]))
        self.control_ports = dict(zip(SERVICES, ports[4:8]))
        self.page_port = ports[8]
        text = (tree / "services.yaml").read_text()
        for index, name in enumerate(SERVICES):
            text = text.replace(f"port: {8080 + index} ", f"port: {self.service_ports[name]} ")
            text = re.sub(rf"port: {8080 + index}\b", f"port: {self.service_ports[name]}", text)
            text = re.sub(rf"control_port: {9080 + index}\b", f"control_port: {self.control_ports[name]}", text)
        text = re.sub(r"port: 8079\b", f"port: {self.page_port}", text)
        (self.root / "services.yaml").write_text(change(text))

    # What a user does.

    def run(self, *words, limits=None, timeout=300):
        command = [self.program, *words, "--root", str(self.root)]
        if limits:
            command = ["/bin/bash", "-c", f'{limits}; exec "$@"', "bash", *command]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)

    def start(self, *words):
        return subprocess.Popen(
            [self.program, *words, "--root", str(self.root)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def up(self, limits=None):
        """Returns how long it took, and the outcome."""
        started = time.monotonic()
        outcome = self.run("up", limits=limits)
        return time.monotonic() - started, outcome

    def request(self, port, method, path, body=None, timeout=10.0):
        """The status; 0 without an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            if body is None:
                connection.request(method, path)
            else:
                connection.request(method, path, json.dumps(body), {"content-type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def get(self, path=STATUS):
        return self.request(self.service_ports["gateway"], "GET", path)

    def control(self, name, method, path, body=None):
        return self.request(self.control_ports[name], method, path, body, timeout=5)

    def page(self):
        return self.request(self.page_port, "GET", "/")

    # What can be seen.

    def state(self):
        try:
            return json.loads((self.root / "runs/current/chain.json").read_text())
        except (OSError, ValueError):
            return None

    def pid(self, name):
        for service in (self.state() or {}).get("services", []):
            if service["name"] == name and service.get("process"):
                return service["process"]["pid"]
        return 0

    def processes(self):
        """By pid: the arguments of everything that runs for this root, loads apart."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if any(str(self.root) in word for word in words) and words[1:2] != ["load"]:
                found[int(entry.name)] = " ".join(words)
        return found

    def is_served(self):
        return self.get() == 200

    def runs(self):
        folder = self.root / "runs"
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())

    def ledgers(self, run):
        lines = []
        for path in (run / "data").glob("**/ledger.csv"):
            lines += path.read_text().splitlines()
        return lines

    def logs(self):
        """Live logs of runs of this root, wherever they are."""
        ids = {run.name for run in self.runs()} if (self.root / "runs").exists() else set()
        return [path for path in Path("/dev/shm").glob("**/*") if any(run in path.name for run in ids)]

    def expect_nothing_left(self, part, logs=True):
        part.check(not self.processes(), f"left over: {self.processes()}")
        ports = [*self.service_ports.values(), *self.control_ports.values(), self.page_port]
        taken = [port for port in ports if not is_free(port)]
        part.check(not taken, f"ports still taken: {taken}")
        if logs:
            part.check(not self.logs(), f"logs left over: {self.logs()}")

    def down(self, part):
        started = time.monotonic()
        outcome = self.run("down")
        part.most("slowest down, s", time.monotonic() - started)
        part.check(outcome.returncode == 0, f"down ended with {outcome.returncode}: {outcome.stderr.strip()}")
        self.expect_nothing_left(part)
        return outcome

    def expect_up(self, part, limits=None):
        seconds, outcome = self.up(limits)
        part.most("slowest up, s", seconds)
        return part.check(outcome.returncode == 0, f"up ended with {outcome.returncode}: {outcome.stderr.strip()}")

    def end(self):
        self.run("down")
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.root, ignore_errors=True)
