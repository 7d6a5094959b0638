# Rule: of the public types and functions in a room's headers, 90 % have a docstring (///).
import re

from .blank import blank
from .tree import Finding

BAR = 0.9
_TYPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:enum\s+class|enum|class|struct)\s+(?:\[\[\w+\]\]\s*)?(?:alignas\(\w+\)\s*)?(\w+)", re.S)
_PASSED = re.compile(r"=\s*(default|delete)\s*$|\boverride\b|\bfriend\b|\boperator\b|^using\b|^typedef\b|^static_assert|^#")


class _Scope:
    def __init__(self, kind, name="", public=True):
        self.kind, self.name, self.public = kind, name, public


def _scope_of(head, outer):
    """What a { after this head opens."""
    text = " ".join(head.split())
    if re.match(r"(inline )?namespace\b", text):
        hidden = re.search(r"namespace( \w+::)*( ?detail)?$", text) and (text.endswith("detail") or text == "namespace")
        return _Scope("hidden" if hidden else "namespace")
    match = _TYPE.match(text)
    if match and "(" not in text.split(":")[0].replace("alignas(", ""):
        if "enum" in text.split(match.group(1))[0]:
            return _Scope("enum", match.group(1))
        return _Scope("type", match.group(1), "struct" in text.split(match.group(1))[0])
    return _Scope("hidden" if outer.kind == "hidden" else "body")


def _wanted(head, scope, body):
    """Name of a declaration that needs a docstring, else None. `body` is the text in braces, None for a ;"""
    text = " ".join(head.split())
    match = _TYPE.match(text)
    if match and "(" not in text.split(":")[0].replace("alignas(", ""):
        return match.group(1) if body is not None else None
    if "(" not in text or _PASSED.search(text) or re.search(r"=\s*[^=]*$", text.split("(")[0]):
        return None
    # A body of a statement or two beside its name says all.
    if body is not None and body.count(";") <= 2 and scope.kind == "type":
        return None
    name = re.findall(r"(~?\w+)\s*\(", re.sub(r"(requires|noexcept|decltype)\s*\(", "", text))
    if not name or name[0] in (scope.name, "~" + scope.name) or re.fullmatch(r"[A-Z_0-9]+", name[0]):
        return None
    return name[0]


class _Reader:
    """Walks one header and collects (line, name, has a docstring) of what its readers may use."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self.code = re.sub(r"^[ \t]*#.*$", lambda m: " " * len(m.group(0)), blank(text), flags=re.M)
        self.found = []

    def documented(self, first, last):
        """A docstring above, at the end of a line, or above the block of lines without a gap that it stands in."""
        if any("///<" in line for line in self.lines[first - 1:last]):
            return True
        before = first - 2
        while before >= 0 and self.lines[before].strip() and not self.lines[before].rstrip().endswith((":", "{")):
            if self.lines[before].strip().startswith("///"):
                return True
            before -= 1
        return False

    def note(self, start, end, scope, body):
        head = self.code[start:end]
        head = re.sub(r"\b(public|private|protected)\s*:(?!:)", lambda m: " " * len(m.group(0)), head)
        name = _wanted(head.strip(), scope, body)
        if name is None or scope.kind not in ("namespace", "type") or not scope.public:
            return
        first = start + len(head) - len(head.lstrip())
        line, last = self.code.count("\n", 0, first) + 1, self.code.count("\n", 0, end) + 1
        # An enum may say what it means value by value.
        is_enum = head.lstrip().startswith("enum")
        by_value = is_enum and "///" in "\n".join(self.lines[line - 1:last + body.count("\n")])
        self.found.append((line, name, by_value or self.documented(line, last)))

    def close_of(self, opened):
        depth = 0
        for at in range(opened, len(self.code)):
            depth += (self.code[at] == "{") - (self.code[at] == "}")
            if depth == 0:
                return at
        return len(self.code)

    def access(self, start, end, scope):
        for label in re.findall(r"\b(public|private|protected)\s*:(?!:)", self.code[start:end]):
            scope.public = label == "public"

    def read(self):
        stack, start, at, depth = [_Scope("namespace")], 0, 0, 0
        while at < len(self.code):
            c = self.code[at]
            depth += (c == "(") - (c == ")")
            if c in "{};" and depth == 0:
                self.access(start, at, stack[-1])
            if c == ";" and depth == 0:
                self.note(start, at, stack[-1], None)
                start = at + 1
            elif c == "{" and depth == 0:
                close = self.close_of(at)
                inner = _scope_of(re.sub(r"\b(public|private|protected)\s*:(?!:)", "", self.code[start:at]), stack[-1])
                self.note(start, at, stack[-1], self.code[at + 1:close])
                if inner.kind in ("namespace", "type"):
                    # A type within a hidden part is hidden with all it holds.
                    hidden = inner.kind == "type" and not stack[-1].public
                    stack.append(_Scope("hidden") if hidden else inner)
                    start = at + 1
                else:
                    at = close
                    start = at + 1
            elif c == "}" and depth == 0 and len(stack) > 1:
                stack.pop()
                start = at + 1
            at += 1
        return self.found


def declarations(text):
    """(line, name, documented) of the public types and functions of a header."""
    return _Reader(text).read()


def check(tree):
    """One finding per room below the bar, naming what lacks a docstring."""
    rooms = {}
    for path, text in tree.ending(".hpp").items():
        parts = path.split("/")
        if parts[0] == "src" and len(parts) > 2 and not tree.is_generated(path) and "_test" not in path:
            rooms.setdefault(parts[1], []).extend((path, *d) for d in declarations(text))
    for room, found in sorted(rooms.items()):
        missing = [(path, line, name) for path, line, name, documented in found if not documented]
        share = 1 - len(missing) / len(found) if found else 1
        if share < BAR:
            names = ", ".join(f"{name} ({path}:{line})" for path, line, name in missing[:12])
            more = f" and {len(missing) - 12} more" if len(missing) > 12 else ""
            yield Finding("docstring", missing[0][0], missing[0][1],
                          f"room {room}: {share:.0%} of its {len(found)} public types and functions have a docstring, "
                          f"{BAR:.0%} needed; without: {names}{more}",
                          "write /// above each: promise, units, ranges, errors, worker rule, cost")
