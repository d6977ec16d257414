"""What the guards look at: the files Git knows or would add, their text, and the package's description."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path


class CannotCheck(Exception):
    """Something a guard needs is missing, so that its answer would mean nothing."""


@dataclass(frozen=True)
class Finding:
    """One place where a rule is broken: what was found, what is expected, what to do."""

    path: str
    line: int
    found: str
    expected: str
    remedy: str

    def report(self, rule):
        return f"{self.path}:{self.line}: {rule}: found {self.found}; expected {self.expected}; {self.remedy}"


def run(command, root, **variables):
    """Runs a tool in `root`. Git's own variables (a hook sets them) would make it look at another tree."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | variables
    try:
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, errors="replace", timeout=300)
    except FileNotFoundError:
        raise CannotCheck(f"{command[0]} is not installed; install it (see README.md)") from None


@lru_cache(maxsize=None)
def _describe(root, manifest):
    """The manifest as SwiftPM reads it. The text is the key: an edited manifest is read again."""
    with tempfile.TemporaryDirectory() as folder:  # SwiftPM leaves folders behind.
        dump = run(["swift", "package", "dump-package"], root, TMPDIR=folder)
    if dump.returncode:
        raise CannotCheck(f"swift package dump-package fails; repair Package.swift:\n{dump.stderr.strip()}")
    return json.loads(dump.stdout)


class Tree:
    """One state of a work tree. What a `.gitignore` names is not part of it, unless it was added all the same."""

    def __init__(self, root):
        self.root = Path(root)
        self._texts = {}

    @cached_property
    def files(self):
        listing = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], self.root)
        paths = sorted(set(filter(None, listing.stdout.split("\0"))))
        if listing.returncode or "Package.swift" not in paths:
            raise CannotCheck(f"Git knows no Package.swift; run this in a clone of chainlab\n{listing.stderr.strip()}")
        return [path for path in paths if (self.root / path).is_file()]

    def text(self, path):
        """The file as text; empty for a binary file."""
        if path not in self._texts:
            data = (self.root / path).read_bytes()
            self._texts[path] = "" if b"\0" in data else data.decode("utf-8", errors="replace")
        return self._texts[path]

    def swift(self, *folders):
        """The Swift files in the given folders; all of them if none is given."""
        prefixes = tuple(f"{folder}/" for folder in folders) or ("",)
        return [path for path in self.files if path.endswith(".swift") and path.startswith(prefixes)]

    @property
    def targets(self):
        """The targets of Package.swift, as `swift package dump-package` describes them."""
        return _describe(self.root, self.text("Package.swift"))["targets"]

    def target_line(self, name):
        """The line of Package.swift that declares a target, or the first one."""
        for number, line in enumerate(self.text("Package.swift").splitlines(), start=1):
            if f'(name: "{name}"' in line or f'(folder: "{name}"' in line or line.strip().startswith(f'name: "{name}"'):
                return number
        return 1
