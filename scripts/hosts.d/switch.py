#!/usr/bin/env python3
"""A switch between network namespaces that delays and loses frames, for kernels without netem.

    switch.py DELAYS NAMESPACE...

Makes a TAP device eth0 in each namespace, says "ready", and passes frames on until it is killed. DELAYS are words
[WAY=]MS[:JITTER[:LOSS]]: so many milliseconds, that much more or less at random, and so many percent of frames lost. WAY
is out (from a namespace to one further on in the list), back, or two numbers such as 1>2; without it, all. The last one
that says something of a pair of namespaces holds. Between two of them frames keep their order.
"""

import ctypes
import errno
import fcntl
import heapq
import os
import random
import re
import select
import struct
import sys
import time

NEW_NET = 0x40000000
TUNSETIFF, TAP, NO_HEADER = 0x400454CA, 0x0002, 0x1000
WORD = re.compile(r"(?:(out|back|[1-9]>[1-9])=)?(\d+(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?(?::(\d+(?:\.\d+)?))?")


def delays(text, count):
    """By sender and receiver: seconds, seconds of jitter, share of frames lost."""
    found = {}
    pairs = [(sender, receiver) for sender in range(count) for receiver in range(count) if sender != receiver]
    for word in text.split():
        match = WORD.fullmatch(word)
        if not match:
            sys.exit(f"switch: found {word}, expected [WAY=]MS[:JITTER[:LOSS]] with WAY out, back or such as 1>2")
        way, base, jitter, loss = match.groups()
        for sender, receiver in pairs:
            names = (None, f"{sender + 1}>{receiver + 1}", "out" if sender < receiver else "back")
            if way in names:
                found[sender, receiver] = float(base) / 1e3, float(jitter or 0) / 1e3, float(loss or 0) / 100
    return {pair: found.get(pair, (0, 0, 0)) for pair in pairs}


def tap(namespace, libc):
    with open(f"/run/netns/{namespace}") as file:
        if libc.setns(file.fileno(), NEW_NET):
            sys.exit(f"switch: {namespace}: {os.strerror(ctypes.get_errno())}")
    port = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(port, TUNSETIFF, struct.pack("16sH22x", b"eth0", TAP | NO_HEADER))
    return port


def frames(port):
    """What has come, up to a number that keeps nobody else waiting."""
    for _ in range(64):
        try:
            yield os.read(port, 2048)
        except BlockingIOError:
            return


def forward(ports, delays):
    places = {}  # where an address was last heard from
    due = []  # (when, number, to, frame)
    latest = dict.fromkeys(delays, 0)
    number = 0
    while True:
        wait = max(0, due[0][0] - time.monotonic()) if due else None
        for port in select.select(ports, [], [], wait)[0]:
            sender, now = ports.index(port), time.monotonic()
            for frame in frames(port):
                places[frame[6:12]] = sender
                place = places.get(frame[:6])
                for receiver in range(len(ports)) if place is None else [place]:
                    if receiver == sender:
                        continue
                    base, jitter, loss = delays[sender, receiver]
                    if random.random() < loss:
                        continue
                    at = max(latest[sender, receiver], now + base + random.uniform(-jitter, jitter))
                    latest[sender, receiver] = at
                    number += 1
                    heapq.heappush(due, (at, number, receiver, frame))
        now = time.monotonic()
        while due and due[0][0] <= now:
            _, _, receiver, frame = heapq.heappop(due)
            try:
                os.write(ports[receiver], frame)
            except OSError as error:
                # The host is cut off, or takes no more: the frame is lost.
                if error.errno not in (errno.EIO, errno.EAGAIN, errno.ENOBUFS):
                    raise


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    table = delays(sys.argv[1], len(sys.argv) - 2)
    ports = [tap(namespace, libc) for namespace in sys.argv[2:]]
    print("ready", flush=True)
    forward(ports, table)


if __name__ == "__main__":
    main()
