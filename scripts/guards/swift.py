"""Just enough of Swift's grammar to read code as code: comments and literals masked, imports, braces, functions."""

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r'//|/\*|(?P<hashes>#*)(?P<quote>"""|")|(?P<extended>#+)/|[/()`]')
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_REGEX_LITERAL = re.compile(r"/(?![\s*/),])(?:\\.|[^\\/\n])*?[^\s\\/]/")
_BEFORE_REGEX = re.compile(r"(?:[=(\[,{:;!&|?]|\b(?:return|case|in))\s*\Z")


class _Masker:
    """Copies Swift source, with every character of a comment or literal (but its newlines) replaced by a space."""

    def __init__(self, text):
        self.text = text
        self.pieces = []

    def keep(self, start, end):
        self.pieces.append(self.text[start:end])
        return end

    def blank(self, start, end):
        self.pieces.append(re.sub(r"[^\n]", " ", self.text[start:end]))
        return end

    def code(self, at, interpolation=False):
        """Reads code from `at`; inside an interpolation only as far as the parenthesis that ends it."""
        depth = 0
        while token := _TOKEN.search(self.text, at):
            at = self.keep(at, token.start())
            word = token.group()
            if word in ("(", ")"):
                depth += 1 if word == "(" else -1
                at = self.keep(at, token.end())
                if interpolation and depth == 0:
                    return at
            else:
                at = self.literal(at, token)
        return self.keep(at, len(self.text))

    def literal(self, at, token):
        word = token.group()
        if token["quote"]:
            return self.string(at, token["hashes"], token["quote"])
        if word == "//":
            return self.blank(at, self.find("\n", at))
        if word == "/*":
            return self.blank(at, self.comment_end(at + 2))
        if token["extended"]:
            return self.blank(at, self.find("/" + token["extended"], token.end(), past=True))
        if word == "`":
            return self.raw_identifier(at)
        regex = _REGEX_LITERAL.match(self.text, at)
        if regex and _BEFORE_REGEX.search("".join(self.pieces[-8:])):
            return self.blank(at, regex.end())
        return self.keep(at, at + 1)

    def string(self, at, hashes, quote):
        start = at + len(hashes) + len(quote)
        if hashes and quote == '"""' and ('"' + hashes) in self.text[start - 1 : self.find("\n", start)]:
            quote, start = '"', at + len(hashes) + 1  # A quote inside a raw string of one line.
        at = self.keep(at, start)
        edge = re.compile(rf'\\{hashes}(?P<escaped>.)|(?P<end>{quote}{hashes})|\n', re.DOTALL)
        searched = at
        while found := edge.search(self.text, searched):
            if found["escaped"] == "(":
                self.blank(at, found.end() - 1)
                at = searched = self.code(found.end() - 1, interpolation=True)
            elif found["end"]:
                self.blank(at, found.start())
                return self.keep(found.start(), found.end())
            elif found.group() == "\n" and quote == '"':
                return self.blank(at, found.start())  # Unterminated; the compiler says so.
            else:
                searched = found.end()
        return self.blank(at, len(self.text))

    def raw_identifier(self, at):
        end = min(self.find("`", at + 1, past=True), self.find("\n", at))
        self.pieces.append(re.sub(r"[^\w`]", "_", self.text[at:end]))
        return end

    def comment_end(self, at):
        depth = 1
        while depth and (edge := _COMMENT_EDGE.search(self.text, at)):
            depth += 1 if edge.group() == "/*" else -1
            at = edge.end()
        return at if depth == 0 else len(self.text)

    def find(self, what, at, past=False):
        found = self.text.find(what, at)
        return len(self.text) if found < 0 else found + (len(what) if past else 0)


@lru_cache(maxsize=None)
def mask(text):
    """The code in `text`, every character at its place: comments and the insides of literals are spaces."""
    masker = _Masker(text)
    masker.code(0)
    return "".join(masker.pieces)


def line_of(text, index):
    return text.count("\n", 0, index) + 1


_IMPORT = re.compile(r"(?<![.\w`])import\s+(?:[a-z]+[ \t]+)?(?P<module>\w+)")


def imports(text):
    """Each imported module with the line that imports it."""
    code = mask(text)
    return [(found["module"], line_of(code, found.start())) for found in _IMPORT.finditer(code)]


class Unbalanced(Exception):
    """The braces do not match, so nothing can be said about bodies."""

    def __init__(self, line):
        super().__init__(line)
        self.line = line


@lru_cache(maxsize=None)
def braces(text):
    """The place of each opening brace with the place of the one that closes it."""
    code, stack, pairs = mask(text), [], {}
    for brace in re.finditer(r"[{}]", code):
        if brace.group() == "{":
            stack.append(brace.start())
        elif stack:
            pairs[stack.pop()] = brace.start()
        else:
            raise Unbalanced(line_of(code, brace.start()))
    if stack:
        raise Unbalanced(line_of(code, stack[-1]))
    return pairs


@dataclass(frozen=True)
class Function:
    """Whatever has a body that runs: a function, an initialiser, a deinitialiser, a subscript, a computed property."""

    name: str
    start: int
    body: str
    line: int
    lines: int


_FUNCTION = re.compile(
    r"(?<![.\w`])(?:(?P<func>func)\s+(?P<name>`?\w+`?|[^\s(\w`]+)|(?P<init>init)(?=[?!]?\s*[(<])"
    r"|(?P<deinit>deinit)(?=\s*\{)|(?P<subscript>subscript)(?=\s*[(<])|(?P<var>var)\s+(?P<property>\w+)\s*:)")
_SIGNATURE = re.compile(r"[()\[\]{};=\n]")
_GOES_ON = re.compile(r"\s*(?:[{(:,<>&]|->|==|(?:where|async|throws|rethrows)\b)")
_UNFINISHED = (",", ":", "<", "&", "->", "==", "where")


def _body(code, at, pairs, property_):
    """The opening brace of the declaration whose name ends at `at`; None for a requirement or a stored property."""
    depth, start = 0, at
    while found := _SIGNATURE.search(code, at):
        word, at = found.group(), found.end()
        if word in ("(", "["):
            depth += 1
        elif word in (")", "]"):
            depth -= 1
        elif word == "{" and depth:
            at = pairs[found.start()]  # A closure as a default value.
        elif word == "{":
            return found.start()
        elif depth or (word == "=" and not property_):
            continue
        elif word != "\n" or not (_GOES_ON.match(code, at) or code[start:at].rstrip().endswith(_UNFINISHED)):
            return None
    return None


@lru_cache(maxsize=None)
def functions(text):
    """Every function of `text` that has a body; an inner one is listed beside the one that holds it."""
    code, pairs, result = mask(text), braces(text), []
    for found in _FUNCTION.finditer(code):
        opening = _body(code, found.end(), pairs, found["var"] is not None)
        if opening is None:
            continue
        closing = pairs[opening]
        kind = next(key for key in ("func", "init", "deinit", "subscript", "var") if found[key])
        name = " ".join(filter(None, (kind, found["name"] or found["property"])))
        line = line_of(code, found.start())
        body = code[opening : closing + 1]
        result.append(Function(name, found.start(), body, line, line_of(code, closing) - line + 1))
    return result
