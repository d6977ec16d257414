"""The map: which target may import which. Services and instruments stand on one foundation and never meet."""

import re

from guards.swift import imports, line_of, mask
from guards.tree import Finding

FOUNDATION = {"ChainModel", "EventLoop", "Topology", "TraceLog"}
INSTRUMENTS = {"CascadeAnalysis", "TraceExport", "KernelView", "LoadGenerator", "ChainSimulator", "Supervisor",
    "Dashboard", "Lessons"}

# Each target of ours with those it may import. A target that is not here may not exist, unless it is a service.
MAP = {
    "ChainModel": set(),
    "EventLoop": {"ChainModel"},
    "CTopology": set(),
    "Topology": {"ChainModel", "CTopology"},
    "TraceLog": {"ChainModel"},
    "ServiceRuntime": FOUNDATION,
    "CascadeAnalysis": {"ChainModel", "TraceLog"},
    "TraceExport": {"ChainModel", "TraceLog"},
    "KernelView": {"ChainModel", "TraceLog"},
    "LoadGenerator": FOUNDATION,
    "ChainSimulator": FOUNDATION,
    "Supervisor": FOUNDATION,
    "CPage": set(),
    "CLessons": set(),
    "Lessons": {"CLessons"} | FOUNDATION,
    "Dashboard": {"CascadeAnalysis", "CPage", "KernelView", "Lessons"} | FOUNDATION,
    "Experiments": INSTRUMENTS | FOUNDATION,
    "ChainCLI": {"Experiments"} | INSTRUMENTS | FOUNDATION,
    "ChainTestSupport": {"ServiceRuntime"} | INSTRUMENTS | FOUNDATION,
}
SYSTEM_LIBRARIES = {"CCurl", "CSQLite", "CZlib", "CPlatform"}

# R3: what a pure target may import besides its row of the map.
PURE = ("CascadeAnalysis", "ChainSimulator", "Lessons")
PURE_LIBRARIES = {"Swift"}

# What no instrument that reads the log may use (R4). The page is served by the foundation's loop.
_NETWORK = re.compile(r"_?C?NIO\w*|CCurl|FoundationNetworking")
_NOT_IN_A_HANDLER = re.compile(r"EventLoop|_?C?NIO\w*|CCurl|FoundationNetworking|Glibc|Musl|Logging|Tracing")


_GIVE_A_ROW = "give it a row in scripts/guards/architecture.py, or remove it"


def services(tree):
    """The executables that stand on ServiceRuntime: a line of the manifest each."""
    return sorted(target["name"] for target in tree.targets
        if target["type"] == "executable" and target["name"] not in MAP and "ServiceRuntime" in _dependencies(target))


def rows_of(tree):
    return MAP | {service: {"ServiceRuntime"} | FOUNDATION for service in services(tree)}


def _row(targets):
    return ", ".join(sorted(targets)) or "nothing of ours"


def _target(path):
    return path.split("/")[1]


def imports_follow_the_map(tree):
    yield from _imports_in_sources(tree)
    yield from _dependencies_in_manifest(tree)


def _imports_in_sources(tree):
    strangers, rows = set(), rows_of(tree)
    for path in tree.swift("Sources"):
        target = _target(path)
        if target not in rows:
            if target not in strangers:
                yield Finding(path, 1, f"target {target}", "a target of the map", _GIVE_A_ROW)
            strangers.add(target)
            continue
        for module, line in imports(tree.text(path)):
            if module in rows.keys() - rows[target] - {target}:
                yield Finding(
                    path, line, f"import {module} in {target}", _row(rows[target]),
                    "meet in the trace log or on a port, or move what both need into the foundation")
        for found in re.finditer(r"@_exported\b", mask(tree.text(path))):
            yield Finding(
                path, line_of(tree.text(path), found.start()), "@_exported", "imports that stay in their file",
                "import the module where it is used")


def _dependencies_in_manifest(tree):
    rows = rows_of(tree)
    for target in tree.targets:
        name, kind = target["name"], target["type"]
        line = tree.target_line(name)
        if target.get("path"):
            yield Finding(
                "Package.swift", line, f"a path for target {name}", "target = folder", "name the folder like it")
        if kind == "test":
            continue
        if name not in (SYSTEM_LIBRARIES if kind == "system" else rows):
            yield Finding("Package.swift", line, f"target {name}", "a target of the map", _GIVE_A_ROW)
            continue
        for dependency in _dependencies(target):
            if kind != "system" and dependency in rows.keys() - rows[name]:
                yield Finding(
                    "Package.swift", line, f"{name} depends on {dependency}", _row(rows[name]), "remove the dependency")


def _dependencies(target):
    """The names a target depends on, whichever of SwiftPM's forms declares them."""
    return [next(iter(dependency.values()))[0] for dependency in target["dependencies"]]


def handlers_are_business_code(tree):
    for path in tree.swift(*(f"Sources/{service}" for service in services(tree))):
        for module, line in imports(tree.text(path)):
            if _NOT_IN_A_HANDLER.fullmatch(module):
                yield Finding(
                    path, line, f"import {module} in a service", "business code without network, system and spans",
                    "let ServiceRuntime do it")


_IMPURE = {
    r"\bMonotonic\s*\.": "the clock",
    r"\b(?:Date|UUID)\s*\(": "the clock or a random id",
    r"\b(?:Continuous|Suspending)Clock\b": "the clock",
    r"\bTask\s*\.\s*sleep\b": "the clock",
    r"\bFileManager\b": "the file system",
    r"\bProcessInfo\b": "the process",
    r"\bSystemRandomNumberGenerator\b": "unseeded randomness",
    r"(?:\bSwift\s*\.\s*|(?<![.\w]))(?:print|debugPrint|readLine)\s*\(": "standard output or input",
}
_RANDOM = re.compile(r"\b(?:random|randomElement|shuffle|shuffled)\s*\(")


def pure_targets_are_pure(tree):
    for path in tree.swift(*(f"Sources/{target}" for target in PURE)):
        text = tree.text(path)
        code, target = mask(text), _target(path)
        allowed = MAP[target] | PURE_LIBRARIES
        for module, line in imports(text):
            if module not in allowed:
                yield Finding(
                    path, line, f"import {module} in {target}", "only " + ", ".join(sorted(allowed)),
                    "take what it gives as a parameter")
        for pattern, what in _IMPURE.items():
            for found in re.finditer(pattern, code):
                yield Finding(
                    path, line_of(code, found.start()), f"{found.group().strip()} ({what})",
                    "a pure function: same input, same output", "take it as a parameter")
        for found in _RANDOM.finditer(code):
            if not re.search(r"\busing\s*:", _arguments(code, found.end())):
                yield Finding(
                    path, line_of(code, found.start()), f"{found.group()} without a generator",
                    "randomness from a seed", "pass `using:` a seeded generator")


def _arguments(code, at):
    """What stands between the parenthesis that opens before `at` and the one that closes it."""
    depth = 1
    for found in re.compile(r"[()]").finditer(code, at):
        depth += 1 if found.group() == "(" else -1
        if depth == 0:
            return code[at : found.start()]
    return code[at:]


def instruments_read_the_log(tree):
    for path in tree.swift("Sources/CascadeAnalysis", "Sources/TraceExport", "Sources/Dashboard"):
        for module, line in imports(tree.text(path)):
            if _NETWORK.fullmatch(module):
                yield Finding(
                    path, line, f"import {module}", "an instrument that derives everything from records",
                    "read the trace log")


def only_topology_knows_yaml(tree):
    for path in tree.swift("Sources", "Tests"):
        for module, line in imports(tree.text(path)):
            if module == "Yams" and not path.startswith("Sources/Topology/"):
                yield Finding(path, line, "import Yams", "YAML read by Topology alone", "ask Topology for the value")
    for target in tree.targets:
        if "Yams" in _dependencies(target) and target["name"] != "Topology":
            yield Finding(
                "Package.swift", tree.target_line(target["name"]), f"{target['name']} depends on Yams",
                "YAML read by Topology alone", "remove the dependency")
