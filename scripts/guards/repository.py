"""The repository: what is in it, how it is formatted, how it is compiled."""

import re

from guards.swift import mask
from guards.tree import CannotCheck, Finding, run

_OWN_PATH = re.compile(r"(?<![\w.~])/(?:home/[A-Za-z]\w*|Users/[A-Za-z]\w*|root/|work/|tmp/bash)[^\s\"'`)]*")
_UPCOMING = ("ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault", "NonisolatedNonsendingByDefault")
_SETTINGS = {
    "Swift 6": {"swiftLanguageMode": {"_0": "6"}},
    **{feature: {"enableUpcomingFeature": {"_0": feature}} for feature in _UPCOMING},
    "warnings as errors": {"treatAllWarnings": {"_0": "error"}},
}
_LINT = re.compile(r"(?P<path>.+?):(?P<line>\d+):\d+: \w+: (?P<what>.+)")


def files_belong_here(tree):
    for path in tree.files:
        parts = path.split("/")
        if parts[-1] == "Package.resolved" or any(part.startswith(".build") for part in parts):
            yield Finding(path, 1, "a file the build makes", "sources only", f"git rm --cached {path}")
            continue
        for number, line in enumerate(tree.text(path).splitlines(), start=1):
            for found in _OWN_PATH.finditer(line):
                yield Finding(
                    path, number, found.group(), "no path of one developer's machine", "make it relative to the root")
        if path.endswith(".swift") and not mask(tree.text(path)).strip():
            yield Finding(path, 1, "a Swift file without code", "code", "write it, or delete the file")


def code_is_formatted(tree):
    folders = [folder for folder in ("Package.swift", "Sources", "Tests") if (tree.root / folder).exists()]
    lint = run(["swift", "format", "lint", "--strict", "--parallel", "--recursive", *folders], tree.root)
    found = [match for line in lint.stderr.splitlines() if (match := _LINT.fullmatch(line))]
    if lint.returncode and not found:
        raise CannotCheck(f"swift format lint fails:\n{lint.stderr.strip()}")
    for match in found:
        yield Finding(
            match["path"].removeprefix(f"{tree.root}/"), int(match["line"]), match["what"],
            "what .swift-format says", "run make fmt; what is left, by hand")


def compiler_is_strict(tree):
    for target in tree.targets:
        if target["type"] in ("system", "binary", "plugin"):
            continue
        kinds = [setting["kind"] for setting in target["settings"] if setting["tool"] == "swift"]
        line = tree.target_line(target["name"])
        for what, kind in _SETTINGS.items():
            if kind not in kinds:
                yield Finding(
                    "Package.swift", line, f"target {target['name']} without {what}", "the settings of all targets",
                    "leave them to the loop at the end of Package.swift")
        for kind in kinds:
            if kind.keys() & {"unsafeFlags", "treatWarning", "disableWarning"}:
                yield Finding(
                    "Package.swift", line, f"{next(iter(kind))} in target {target['name']}",
                    "nothing that undoes a guard", "remove it")
