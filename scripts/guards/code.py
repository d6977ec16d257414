"""How the code is written: what it may not say, how long it may be, what must be documented."""

import re

from guards.swift import Unbalanced, functions, line_of, mask
from guards.tree import Finding

FILE_LIMIT = 400
FUNCTION_LIMIT = 60

_PUBLIC = re.compile(
    r"(?<![.\w`])(?:public\b|open(?=\s+(?:class|func|var|subscript|static|override|final)\b))")


def _matches(tree, pattern, *folders):
    for path in tree.swift(*folders):
        text = tree.text(path)
        for found in re.finditer(pattern, mask(text)):
            yield path, line_of(text, found.start()), found


def nothing_is_public(tree):
    for path, line, found in _matches(tree, _PUBLIC, "Sources"):
        yield Finding(path, line, found.group(), "nothing public", "say `package` for what crosses a target")


def concurrency_is_checked(tree):
    for path, line, _ in _matches(tree, r"\bTask\s*(?:<[^>]*>)?\s*\.\s*detached\b"):
        yield Finding(path, line, "Task.detached", "structured tasks", "use a task group, or a thread of our own")
    for path, line, _ in _matches(tree, r"@unchecked\s+Sendable\b"):
        written, code = (text.split("\n")[line - 1] for text in (tree.text(path), mask(tree.text(path))))
        comment = written[len(code.rstrip()) :]
        if not re.match(r"\s*//+\s*\S", comment):
            yield Finding(
                path, line, "@unchecked Sendable without a reason", "its reason on the same line",
                "add `// why it is safe`, or use Mutex")


def nothing_traps_by_convenience(tree):
    for path, line, _ in _matches(tree, r"\btry!"):
        yield Finding(path, line, "try!", "errors handled or thrown", "use try in a throwing function")
    for path, line, _ in _matches(tree, r"(?<![.\w`])fatalError\s*\(", "Sources"):
        yield Finding(
            path, line, "fatalError(", "preconditionFailure, for a broken invariant only", "throw an error, or say so")


def files_are_short(tree):
    for path in tree.files:
        text = tree.text(path)
        if path.endswith((".swift", ".js", ".css", ".py", ".sh")) or path.startswith("scripts/") or text[:2] == "#!":
            lines = len(text.splitlines())
            if lines > FILE_LIMIT:
                yield Finding(
                    path, FILE_LIMIT + 1, f"{lines} lines", f"at most {FILE_LIMIT}", "split it by concept, or delete")


def functions_are_short(tree):
    for path in tree.swift():
        try:
            for function in functions(tree.text(path)):
                if function.lines > FUNCTION_LIMIT:
                    yield Finding(
                        path, function.line, f"{function.name} of {function.lines} lines",
                        f"at most {FUNCTION_LIMIT}", "name its steps")
        except Unbalanced as error:
            yield Finding(
                path, error.line, "a brace without its partner", "braces that match outside #if", "close or open it")


_TOP_LEVEL = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s+)*(?:[a-z]+[ \t]+)*?package[ \t]+(?:[a-z]+[ \t]+)*?"
    r"(?P<kind>func|struct|class|enum|protocol|actor)[ \t]+(?P<name>[^\s({:<]+)", re.MULTILINE)


def top_level_declarations_are_documented(tree):
    for path in tree.swift("Sources"):
        text = tree.text(path)
        code = mask(text)
        for found in _TOP_LEVEL.finditer(code):
            depth = code.count("{", 0, found.start()) - code.count("}", 0, found.start())
            if depth == 0 and not _is_documented(text, found.start(), found.end()):
                yield Finding(
                    path, line_of(text, found.start("kind")), f"package {found['kind']} {found['name']} undocumented",
                    "a doc comment (///)", "say what it is for, its units and what would break")


def _is_documented(text, start, end):
    """Whether a doc comment stands above a declaration, or between its attributes; plain comments may intervene."""
    if re.search(r"^\s*///", text[start:end], re.MULTILINE):
        return True
    for line in reversed(text[:start].splitlines()):
        if not re.match(r"\s*//(?!/)", line):
            return re.match(r"\s*///\s*\S", line) is not None
    return False
