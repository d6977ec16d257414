"""What the page's process takes while ordinary and broken clients come, of the page and of the gateway, and what it gives
back afterwards: `scripts/see-page memory [MINUTES]`."""

import contextlib
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

FOLDER = sys.argv[1]
MINUTES = float(sys.argv[2]) if len(sys.argv) > 2 else 10
RATE = 40
PAGE, GATEWAY = 18079, 18080
MOST_MB, LEFT_MB = 250, 120
PATHS = ("/", "/timeline.js", "/api/v1/state", "/api/v1/runs", "/api/v1/runs/current?cells=600", "/api/v1/lessons",
    "/api/v1/runs/current/lanes?from=0&to=9000000000000&cells=800&first=0&count=60",
    "/api/v1/runs/current/states?from=0&to=9000000000000", "/api/v1/runs/current/search?q=payment",
    "/api/v1/runs/current/cascade?from=0&to=20000000000")
ending = threading.Event()
counts = {}
guard = threading.Lock()


def count(what):
    with guard:
        counts[what] = counts.get(what, 0) + 1


def page_pid():
    """The process that serves the page of this chain."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"dashboard" in words and str(PAGE).encode() in words:
                return int(entry.name)
    raise SystemExit("memory: no process serves the page")


def rss_mb(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        # Its own; the pages of the log that it has read are the chain's.
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("memory: the page's process is gone")


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def later(connection, seconds):
    threading.Timer(seconds, connection.close).start()


def ordinary(port):
    path = random.choice(PATHS) if port == PAGE else "/users/ada/payment-status"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            answer.read()
            count("answered")
    except urllib.error.HTTPError as error:
        count(f"answered {error.code}")
    except OSError:
        count("not answered")


def half(port):
    connection = connect(port)
    connection.sendall(b"GET /ping HTTP/1.1\r\nHost: 127.0")
    later(connection, random.uniform(0, 30))


def reset(port):
    connection = connect(port)
    connection.sendall(f"GET {random.choice(PATHS)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def huge_head(port):
    connection = connect(port)
    with contextlib.suppress(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 1_000_000)
    later(connection, 5)


def huge_body(port):
    connection = connect(port)
    with contextlib.suppress(OSError):
        connection.sendall(f"POST /api/v1/commands HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            "Content-Length: 50000000\r\n\r\n".encode() + b"x" * 1_000_000)
    later(connection, 5)


def garbage(port):
    connection = connect(port)
    with contextlib.suppress(OSError):
        connection.sendall(random.randbytes(2_000))
    later(connection, 2)


def deaf(port):
    """Follows the chain, or asks again and again, and never reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.settimeout(1)
    path = random.choice(("/api/v1/events", PATHS[4])) if port == PAGE else "/users/ada/payment-status"
    with contextlib.suppress(OSError):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode() * 20)
    later(connection, random.uniform(20, 60))


def at_rate(kinds, port):
    """Begins one of these each time it is due, on threads of a pool that is as large as it has to be."""
    def one(kind):
        with contextlib.suppress(OSError):
            kind(port)
            count(f"{kind.__name__} at {port}")
    due = time.monotonic()
    while not ending.is_set():
        due += 1 / RATE
        time.sleep(max(0, due - time.monotonic()))
        if threading.active_count() < 3_000:
            threading.Thread(target=one, args=(random.choice(kinds),), daemon=True).start()


def main():
    pid = page_pid()
    started = rss_mb(pid)
    broken = (half, reset, huge_head, huge_body, garbage, deaf)
    senders = [threading.Thread(target=at_rate, args=(kinds, port)) for port in (PAGE, GATEWAY)
        for kinds in ((ordinary,), broken)]
    for sender in senders:
        sender.start()
    follower = subprocess.Popen(["curl", "-sN", "-o", "/dev/null", f"http://127.0.0.1:{PAGE}/api/v1/events"])
    seen = [started]
    end = time.monotonic() + MINUTES * 60
    while time.monotonic() < end:
        time.sleep(10)
        seen.append(rss_mb(pid))
        print(f"page: {seen[-1]:.0f} MB, {sum(counts.values())} clients", file=sys.stderr, flush=True)
    ending.set()
    for sender in senders:
        sender.join()
    follower.terminate()
    # The timeline of a chain that nobody looks at is let go after a minute, and memory is given back soon after.
    time.sleep(100)
    left = rss_mb(pid)
    assert page_pid() == pid, "the page's process was started again"
    print(f'{{"minutes": {MINUTES:g}, "start_mb": {started:.0f}, "most_mb": {max(seen):.0f}, "last_mb": {seen[-1]:.0f}, "left_mb": {left:.0f}}}')
    print(f"page: {counts}", file=sys.stderr)
    assert max(seen) <= MOST_MB, f"found {max(seen):.0f} MB, expected at most {MOST_MB}"
    assert left <= LEFT_MB, f"found {left:.0f} MB left, expected at most {LEFT_MB}"


main()
