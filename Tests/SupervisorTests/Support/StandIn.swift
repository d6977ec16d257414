/// Small programs that stand in for the executables of a chain.
enum StandIn {
  /// What a service of a `TestChain` does.
  enum Behaviour: String, Codable {
    case serves
    /// Ends before it is ready, with a reason on its standard error and exit code 3.
    case gives_up
    /// Never says that it is ready.
    case dawdles
    /// Does not end when it is asked to.
    case deaf
  }

  /// Listens on both its ports and answers `GET /ready` on the control port. Which ports, and how it behaves, is in the
  /// file that `--config` names: JSON, by service.
  static let service = #"""
    #!/usr/bin/python3 -SE
    import json, os, select, signal, socket, sys

    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    mine = json.load(open(options["--config"]))["services"][os.path.basename(sys.argv[0])]
    print("arguments", " ".join(sys.argv[1:]), flush=True)
    print("backtrace", os.environ.get("SWIFT_BACKTRACE"), flush=True)
    if mine["behaviour"] == "gives_up":
        print("the store is locked\n", file=sys.stderr)
        sys.exit(3)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if mine["behaviour"] == "deaf" else lambda *_: sys.exit(0))
    ready = b"503 Service Unavailable" if mine["behaviour"] == "dawdles" else b"200 OK"
    listeners = {}
    for port in (mine["port"], mine["control_port"]):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        listeners[listener] = port
    while True:
        for listener in select.select(list(listeners), [], [])[0]:
            connection, _ = listener.accept()
            head = connection.recv(4096)
            status = ready if listeners[listener] == mine["control_port"] and b" /ready " in head else b"404 Not Found"
            connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            connection.close()
    """#

  /// Keeps a `chain.json` as a supervisor does, without a chain: `plan` is `ready`, `fails`, `crashes`,
  /// or `dawdles`: it writes nothing.
  static func supervisor(plan: String) -> String {
    #"""
    #!/usr/bin/python3 -SE
    import json, os, signal, sys, time

    options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    run = f"{options['--root']}/runs/{options['--run']}"

    def write(name, value):
        with open(f"{run}/{name}.new", "w") as file:
            json.dump(value, file)
        os.rename(f"{run}/{name}.new", f"{run}/{name}")

    def enter(phase, failure=None):
        with open("/proc/self/stat") as stat:
            ticks = int(stat.read().rpartition(")")[2].split()[19])
        chain = {"phase": phase, "supervisor": {"pid": os.getpid(), "start_ticks": ticks}, "services": []}
        write("chain.json", {**chain, **({"failure": failure} if failure else {})})
        with open(f"{run}/run.json") as file:
            write("run.json", {**json.load(file), "phase": phase})

    def end(*_):
        enter("ended")
        sys.exit(0)

    if "PLAN" == "dawdles":
        time.sleep(600)
    signal.signal(signal.SIGTERM, end)
    print("session", os.getsid(0) == os.getpid(), sys.argv[1], flush=True)
    if "PLAN" == "crashes":
        print("out of luck", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGKILL)
    enter("starting")
    if "PLAN" == "fails":
        enter("failed", {"message": "the store is locked", "exit_code": 7})
        sys.exit(7)
    # From here on it outlives whoever has started it.
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    enter("ready")
    while True:
        signal.pause()
    """#.split(separator: "PLAN").joined(separator: plan)
  }
}
