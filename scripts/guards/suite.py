"""The tests: each can fail."""

import re

from guards.swift import Unbalanced, functions, imports, line_of, mask
from guards.tree import Finding

# `assert` itself is compiled out of the release build that the tests run in, so it expects nothing.
_EXPECTATION = re.compile(
    r"#(?:expect|require)\b|\bIssue\s*\.\s*record\b|\bconfirmation\s*\("
    r"|\b(?!assert\s*[(<])(?:expect|assert|check)(?![a-z])\w*(?:<[^<>()]*>)?\s*[({]")
_TRUE = re.compile(r"#(?:expect|require)\s*\(\s*(?:Bool\s*\(\s*)?true\s*\)")
_TEST = re.compile(r"@Test\b")


def tests_can_fail(tree):
    for path in tree.swift("Tests"):
        text = tree.text(path)
        try:
            yield from _tests_without_expectation(path, text)
        except Unbalanced:
            yield Finding(path, 1, "braces that do not match", "tests that can be read", "close or open the brace")
        for found in _TRUE.finditer(mask(text)):
            yield Finding(
                path, line_of(text, found.start()), "an expectation that cannot fail", "one that can",
                "expect what the code does, or delete it")
        for module, line in imports(text):
            if module == "XCTest":
                yield Finding(path, line, "import XCTest", "Swift Testing alone", "write it as @Test")
    yield from _folders_without_tests(tree)


def _tests_without_expectation(path, text):
    code = mask(text)
    bodies = sorted((function for function in functions(text) if function.name.startswith("func ")),
                    key=lambda function: function.start)
    for attribute in _TEST.finditer(code):
        test = next((function for function in bodies if function.start > attribute.start()), None)
        line = line_of(code, attribute.start())
        if test is None:
            yield Finding(path, line, "@Test without a function", "one with an expectation", "write or delete it")
            continue
        if not _EXPECTATION.search(test.body):
            yield Finding(
                path, test.line, f"test {test.name[5:]} without an expectation", "#expect, #require or Issue.record",
                "expect what the name says, or delete it")
        if re.search(r"\.\s*disabled\b", code[attribute.start() : test.start]):
            yield Finding(path, line, f"disabled test {test.name[5:]}", "tests that run", "repair or delete it")


def _folders_without_tests(tree):
    folders = {}
    for path in tree.swift("Tests"):
        folders.setdefault(path.split("/")[1], []).append(path)
    for folder, paths in folders.items():
        if not any(_TEST.search(mask(tree.text(path))) for path in paths):
            yield Finding(paths[0], 1, f"no @Test in Tests/{folder}", "at least one", "write it, or remove the target")
