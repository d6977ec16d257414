"""Disks that are full or read-only, as small file systems in a mount namespace of our own."""

import os
import signal
import subprocess
import time

from storms import ledgers
from storms.lab import SERVICES, Lab, until
from storms.scarcity import kill, load, said


def may_mount(part):
    if os.environ.get("CHAINLAB_STORM_MOUNTS"):
        return True
    part.skip("it needs mounts, and so root")
    return False


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def unmount(path):
    subprocess.run(["umount", "--lazy", str(path)], check=False, stderr=subprocess.DEVNULL)


def fill(folder):
    """Until not another byte fits."""
    path = folder / "filler"
    with open(path, "ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 64, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return path


def full(part, tree, program, options):
    if may_mount(part):
        full_runs(part, tree, program)
        full_log(part, tree, program)
        no_room_for_a_log(part, tree, program)


def full_runs(part, tree, program):
    lab = Lab(tree, program)
    runs = lab.root / "runs"
    runs.mkdir()
    mount("-t", "tmpfs", "-o", "size=160m", "storm", str(runs))
    try:
        if not lab.expect_up(part):
            return
        running = load(lab, 4, 60)
        time.sleep(1)
        filler = fill(runs)
        part.check(until(lambda: lab.get() >= 500, 10), "a full disk under the ledger is not told to the client")
        for name in SERVICES:
            kill(lab.pid(name))
            part.check(until(lambda: lab.get() > 0, 20), f"full runs: {name} is not back")
        filler.unlink()
        part.check(until(lab.is_served, 20), "full runs: no answer again when there is room")
        known = until(lambda: sum(s["restarts"] for s in (lab.state() or {"services": []})["services"]) >= 4, 10)
        part.check(known, "full runs: what happened meanwhile is not written down")
        part.check(said(lab, "supervisor.log", "can be used again") >= 1, "full runs: its end is not said")
        running.send_signal(signal.SIGINT)
        running.wait()
        # Full again at the end: the log has no room.
        filler = fill(runs)
        outcome = lab.run("down")
        part.check(outcome.returncode == 11, f"full runs: down ended with {outcome.returncode}: {outcome.stderr}")
        lab.expect_nothing_left(part, logs=False)
        filler.unlink()
        lab.down(part)
        for run in lab.runs():
            ledgers.compare(part, lab, run)
        lab.expect_up(part)
        part.check(lab.is_served(), "full runs: the next chain does not serve")
        lab.down(part)
        part.count("full runs")
    finally:
        lab.end()
        unmount(runs)
    part.say(f"full runs: {part.figures}")


def with_log_in(folder, size):
    return lambda text: text.replace("directory: /dev/shm ", f"directory: {folder} ").replace(
        "size_mib: 256", f"size_mib: {size}")


def full_log(part, tree, program):
    """The log's file system has room for a tenth of what the log may take."""
    folder = f"/tmp/chainlab-storm-log-{os.getpid()}"
    os.mkdir(folder)
    mount("-t", "tmpfs", "-o", "size=12m", "storm", folder)
    lab = Lab(tree, program, with_log_in(folder, 128))
    try:
        if not lab.expect_up(part):
            return
        running = load(lab, 8, 20)
        running.wait()
        part.check(lab.is_served(), "full log: no answer any more")
        for name in SERVICES:
            kill(lab.pid(name))
            part.check(until(lab.is_served, 20), f"full log: {name} is not back")
        lab.down(part)
        part.check(not os.listdir(folder), f"full log: left over: {os.listdir(folder)}")
        for run in lab.runs():
            ledgers.compare(part, lab, run, is_complete=False)
        part.count("full logs")
    finally:
        lab.end()
        unmount(folder)
        os.rmdir(folder)
    part.say(f"full log: {part.figures}")


def no_room_for_a_log(part, tree, program):
    """A full /dev/shm: up says so and leaves nothing, and works when there is room."""
    lab = Lab(tree, program)
    mount("-t", "tmpfs", "-o", "size=1m", "storm", "/dev/shm")
    try:
        outcome = lab.run("up")
        part.check(outcome.returncode == 11, f"full /dev/shm: up ended with {outcome.returncode}: {outcome.stderr}")
        part.check(outcome.stderr.count("no space") == 1, f"full /dev/shm: it says {outcome.stderr}")
        lab.expect_nothing_left(part)
        mount("-o", "remount,size=300m", "/dev/shm")
        lab.expect_up(part)
        part.check(lab.is_served(), "full /dev/shm: no answer when there is room")
        lab.down(part)
        part.count("full /dev/shm")
    finally:
        lab.end()
        unmount("/dev/shm")


def readonly(part, tree, program, options):
    """Runs turn read-only under a running chain: what is open can be written, nothing else."""
    if not may_mount(part):
        return
    lab = Lab(tree, program)
    runs = lab.root / "runs"
    try:
        if not lab.expect_up(part):
            return
        run, live = lab.runs()[-1], lab.logs()
        running = load(lab, 4, 60)
        time.sleep(1)
        mount("--bind", str(runs), str(runs))
        mount("-o", "remount,bind,ro", str(runs))
        part.check(lab.is_served(), "read-only runs: no answer")
        for name in SERVICES[:3]:
            kill(lab.pid(name))
            part.check(until(lab.is_served, 20), f"read-only runs: {name} is not back")
        running.send_signal(signal.SIGINT)
        running.wait()
        outcome = lab.run("down")
        part.check(outcome.returncode == 11, f"read-only runs: down ended with {outcome.returncode}: {outcome.stderr}")
        part.check("Read-only file system" in outcome.stderr, f"read-only runs: it says {outcome.stderr}")
        lab.expect_nothing_left(part, logs=False)
        part.check(all(log.exists() for log in live), "read-only runs: the log is gone before it was saved")
        unmount(runs)
        lab.down(part)
        ledgers.compare(part, lab, run)
        lab.expect_up(part)
        part.check(lab.is_served(), "read-only runs: the next chain does not serve")
        lab.down(part)
        part.count("read-only runs")
    finally:
        lab.end()
        unmount(runs)
    part.say(f"read-only runs: {part.figures}")
