"""Runs each client against a chain in each IO model, and looks at what it says of itself."""

import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = sys.argv[1]
URL = "http://127.0.0.1:18080/users/ada/payment-status"
COUNT = 1000
UPLOADS = 10
MODELS = ("blocking", "async", "nonblocking", "nonblocking-async")
HERE = Path(__file__).parent / "clients"
BODY = Path(FOLDER) / "body"
# So many connections of theirs and of the chain's own are none that were made for each request.
MOST_CONNECTIONS = 300


def own(*command):
    """One of the programs in clients/: says `answered 1000, upload 413`."""
    words = [*command, URL, str(COUNT), str(8 << 20)]
    return [(words, rf"answered {COUNT}, upload (413|405)")]


def clients():
    many = f"{URL}?n=[1-{COUNT}]"
    status = ("-s", "-o", "/dev/null", "-w", "%{http_code} %{http_version}\\n")
    conf = Path(FOLDER) / "siege.conf"
    conf.write_text("connection = keep-alive\nlogging = false\njson_output = true\nverbose = false\n")
    # It does not hear that a kept connection ends with a refused upload, so it is told to keep none.
    closing = Path(FOLDER) / "closing.conf"
    closing.write_text("connection = close\nlogging = false\njson_output = false\nverbose = true\ncolor = off\n")
    lua = Path(FOLDER) / "upload.lua"
    lua.write_text('wrk.method = "POST"\nwrk.body = string.rep("x", 1048576)\n')
    return {
        "curl --http2": [
            (["curl", "--http2", *status, many], rf"\A(200 1.1\n){{{COUNT}}}\Z"),
            (["curl", *status, "--data-binary", f"@{BODY}", URL], r"\A(413|405) 1.1\n\Z"),
        ],
        "curl with Expect": [
            (["curl", *status, "-X", "GET", "-H", "Expect: 100-continue", "-d", "x", many],
             rf"\A(200 1.1\n){{{COUNT}}}\Z"),
        ],
        "wrk": [
            (["wrk", "-t1", "-c8", "-d8s", URL], r"(?s)\A(?!.*(Non-2xx|Socket errors)).* [1-9]\d{3,} requests in"),
            (["wrk", "-t1", "-c2", "-d2s", "-s", str(lua), URL], r"(?s)\A(?!.*Socket errors).*Non-2xx or 3xx responses"),
        ],
        "ab -k": [
            (["ab", "-k", "-l", "-q", "-n", str(COUNT), "-c", "8", URL],
             rf"(?s)\A(?!.*Non-2xx).*Complete requests: +{COUNT}\n.*Failed requests: +0\n.*Keep-Alive requests: +{COUNT}\n"),
            (["ab", "-q", "-l", "-n", str(UPLOADS), "-p", str(BODY), URL],
             rf"(?s)Complete requests: +{UPLOADS}\n.*Non-2xx responses: +{UPLOADS}\n"),
        ],
        "hey": [
            (["hey", "-n", str(COUNT), "-c", "8", URL], rf"(?s)\A(?!.*Error).*\[200\]\s+{COUNT} responses"),
            (["hey", "-n", str(UPLOADS), "-c", "1", "-m", "POST", "-D", str(BODY), URL],
             rf"(?s)\A(?!.*Error).*\[(413|405)\]\s+{UPLOADS} responses"),
        ],
        "siege": [
            (["siege", "-R", str(conf), "-b", "-c", "8", "-r", str(COUNT // 8), URL],
             rf'(?s)"successful_transactions":\s+{COUNT},\s+"failed_transactions":\s+0,'),
            (["siege", "-R", str(closing), "-v", "-b", "-c", "1", "-r", str(UPLOADS), f"{URL} POST <{BODY}"],
             rf"(?s)\A([^\n]*\n)*?(HTTP/1.1 (413|405) [^\n]*\n){{{UPLOADS}}}"),
        ],
        "Java's HttpClient": own("java", str(HERE / "Client.java")),
        "Go": own("go", "run", str(HERE / "client.go")),
        "Node": own("node", str(HERE / "client.mjs")),
        **{name: own(sys.executable, str(HERE / "client.py"), name) for name in ("requests", "httpx", "aiohttp")},
    }


def accepted():
    """How many connections this host has accepted so far."""
    names, values = (line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:"))
    return int(values[names.index("PassiveOpens")])


def run(name, model, is_kept, command, expected):
    before = accepted()
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300,
        env={**os.environ, "GOCACHE": f"{FOLDER}/go", "HOME": FOLDER, "NO_PROXY": "*"})
    if not re.search(expected, done.stdout):
        said = (done.stdout[-1500:] + done.stderr[-1500:]).strip()
        return f"{model}: {name}: {' '.join(command)[:160]}: said\n{said}"
    made = accepted() - before
    if is_kept and made > MOST_CONNECTIONS:
        return f"{model}: {name}: {made} connections were accepted on this host for {COUNT} requests"
    return ""


def main():
    BODY.write_bytes(b"x" * (2 << 20))
    complaints = []
    for model in MODELS:
        subprocess.run(["bin/chainlab", "mode", "all", model, "--root", FOLDER], check=True, capture_output=True)
        for name, commands in clients().items():
            # The first one is the requests; a refused upload ends its connection.
            found = [run(name, model, not number, *command) for number, command in enumerate(commands)]
            complaints += filter(None, found)
            print(f"accept: {model}: {name}: {'no' if any(found) else 'yes'}", flush=True)
    if complaints:
        raise SystemExit("\n".join(f"accept: {complaint}" for complaint in complaints))
    print(f"accept: {len(clients())} clients, {COUNT} requests each over kept connections in {len(MODELS)} IO models")


main()
