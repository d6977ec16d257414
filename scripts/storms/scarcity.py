"""Too few descriptors, ports that are taken, runs that are removed."""

import os
import shutil
import signal
import socket
import time

from storms import ledgers
from storms.lab import SERVICES, Lab, until


def with_lab(part, tree, program, body, change=lambda text: text, limits=None):
    lab = Lab(tree, program, change)
    try:
        if lab.expect_up(part, limits):
            body(lab)
        if (lab.root / "runs").exists() and lab.processes():
            lab.down(part)
    finally:
        lab.end()


def said(lab, file, words):
    try:
        return (lab.root / "runs/current" / file).read_text().count(words)
    except OSError:
        return 0


def load(lab, clients, seconds):
    return lab.start("load", "--closed", str(clients), "--duration", f"{seconds}s", "--timeout", "5s")


def kill(pid):
    try:
        if pid:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def descriptors(part, tree, program, options):
    for limit in (64, 256):
        def body(lab):
            loads = [load(lab, limit, 8)]
            streams = [socket.create_connection(("127.0.0.1", lab.page_port)) for _ in range(limit)]
            for name in SERVICES:
                kill(lab.pid(name))
                part.check(until(lab.is_served, 20), f"{limit}: no answer again after {name} was killed")
            for stream in streams:
                stream.close()
            part.check(until(lambda: lab.page() == 200), f"{limit}: the page does not answer any more")
            for running in loads:
                running.wait()
            part.check(said(lab, "dashboard.log", "connections to the page wait") <= 6, f"{limit}: the page says it often")
            lab.down(part)
            for run in lab.runs():
                ledgers.compare(part, lab, run)

        with_lab(part, tree, program, body, limits=f"ulimit -n {limit}")
        part.count("limits")
        part.say(f"with {limit} descriptors: {part.figures}")


def listen(port, host="127.0.0.1"):
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    return listener


def ports(part, tree, program, options):
    """Each port of a chain is taken while its process restarts, and given back after two seconds."""
    def body(lab):
        for name in [*SERVICES, "page"]:
            wanted = [lab.page_port] if name == "page" else [lab.service_ports[name], lab.control_ports[name]]
            for port in wanted:
                supervisor = lab.state()["supervisor"]["pid"]
                os.kill(supervisor, signal.SIGSTOP)
                kill(lab.state()["page"]["process"]["pid"] if name == "page" else lab.pid(name))
                listener = None
                while listener is None:
                    try:
                        listener = listen(port)
                    except OSError:
                        time.sleep(0.01)
                os.kill(supervisor, signal.SIGCONT)
                words = f"is taken by process {os.getpid()} ("
                shown = until(lambda: words in lab.run("status").stdout, 5)
                part.check(shown, f"status does not say who has {name}'s port")
                time.sleep(1.5)
                part.check(said(lab, "supervisor.log", words) == part.figures.get("ports", 0) + 1, f"{name}: not said once")
                listener.close()
                part.check(until(lab.is_served) and until(lambda: lab.page() == 200), f"{name} does not come back")
                part.count("ports")
        lab.down(part)

    with_lab(part, tree, program, body)


def removed(part, tree, program, options):
    """rm -rf runs, and then: wait, kill, down or up."""
    for then in ("wait", "kill", "kill the supervisor", "down", "up"):
        def body(lab):
            running = load(lab, 4, 30)
            time.sleep(1)
            run = lab.runs()[-1]
            logs = lab.logs()
            shutil.rmtree(lab.root / "runs")
            if then == "kill the supervisor":
                kill(next(pid for pid, words in lab.processes().items() if " supervise " in words))
                until(lambda: not lab.processes())
            if then in ("wait", "kill"):
                part.check(until(lambda: lab.state() is not None, 10), "the runs do not come back")
                if then == "kill":
                    # A second later they have put down what they had in hand; what is killed before that, is lost.
                    until(lambda: lab.ledgers(run))
                    for name in SERVICES:
                        kill(lab.pid(name))
                part.check(until(lab.is_served, 20), f"{then}: no answer any more")
            if then == "up":
                lab.expect_up(part)
            running.send_signal(signal.SIGINT)
            running.wait()
            lab.down(part)
            part.check(not [log for log in logs if log.exists()], f"{then}: logs left over: {logs}")
            if then == "wait" or then == "kill":
                ledgers.compare(part, lab, run)
            lab.expect_up(part)
            part.check(lab.is_served(), f"{then}: the next chain does not serve")

        with_lab(part, tree, program, body)
        part.count("removals")
        part.say(f"then {then}: {part.figures}")
