# Rule: a function has at most 70 lines, a file at most 600.
import ast
import re

from .blank import blank
from .tree import Finding

FUNCTION_LINES = 70
FILE_LINES = 600
CODE = (".hpp", ".cpp", ".h", ".ts", ".tsx", ".mjs", ".js", ".py", ".sh", ".cmake", ".css")

_CPP_NOT_FUNCTION = re.compile(r"\b(namespace|enum|union|if|for|while|switch|catch|do|else|try|extern)\b")
_CPP_TYPE = re.compile(r"^\s*(template\s*<.*>\s*)?(class|struct)\b(?!.*\)\s*(const|noexcept|->|$))", re.S)
_TS_CONTROL = re.compile(r"\b(if|for|while|switch|catch|with)\s*(await\s*)?$")
_TS_GROUP = re.compile(r"\b(describe|suite)(\.\w+)*\s*\([^;]*$", re.S)


def _blocks(code):
    """Every {...}: (text since the last ; { or } outside parentheses, start of that text, open, close, parent's kind)."""
    stack, head_start, parens = [], 0, []
    for at, c in enumerate(code):
        if c == "(":
            parens.append(at)
        elif c == ")" and parens:
            parens.pop()
        elif c == "{":
            stack.append((head_start, at, parens))
            head_start, parens = at + 1, []
        elif c == "}" and stack:
            start, opened, parens = stack.pop()
            yield code[start:opened], start, opened, at, len(stack)
            head_start = at + 1 if not parens else start
        elif c == ";" and not parens:
            head_start = at + 1


def _cpp_is_function(head):
    head = re.sub(r"^\s*#.*$", "", head, flags=re.M)
    if "(" not in head or _CPP_NOT_FUNCTION.search(head.split("(")[0]) or _CPP_TYPE.match(head):
        return False
    return not head.split("(")[0].rstrip().endswith("=")


def _ts_is_function(head):
    tail = head.rstrip()
    if tail.endswith("=>"):
        return not _TS_GROUP.search(tail)
    close = tail.rfind(")")
    if close < 0 or not re.fullmatch(r"\s*(:[^=]*)?", tail[close + 1:]):
        return False
    depth = 0
    for at in range(close, -1, -1):
        depth += (tail[at] == ")") - (tail[at] == "(")
        if depth == 0:
            return not _TS_CONTROL.search(tail[:at])
    return False


def _name(head):
    names = re.findall(r"([~\w:]+)\s*(?:<[^<>()]*>)?\s*\(", head)
    return next((n for n in names if n not in ("requires", "decltype", "noexcept", "explicit")), "a function")


def brace_functions(text, typescript):
    """(name, first line, last line) of each function in C++ or TypeScript."""
    code = blank(text, typescript)
    is_function = _ts_is_function if typescript else _cpp_is_function
    for head, start, _opened, close, _depth in _blocks(code):
        if is_function(head):
            first = start + len(head) - len(head.lstrip())
            yield _name(head), code.count("\n", 0, first) + 1, code.count("\n", 0, close) + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def _functions(path, text):
    if path.endswith(".py") or text.startswith("#!/usr/bin/env python3"):
        try:
            return list(python_functions(text))
        except SyntaxError:
            return []
    if path.endswith((".ts", ".tsx", ".mjs", ".js")):
        return list(brace_functions(text, True))
    if path.endswith((".hpp", ".cpp", ".h")):
        return list(brace_functions(text, False))
    return []


def check(tree):
    """Findings of both limits; generated files are left out."""
    for path, text in tree.files.items():
        is_script = text.startswith("#!")
        if not (path.endswith(CODE) or is_script) or tree.is_generated(path):
            continue
        lines = text.count("\n") + (not text.endswith("\n"))
        if lines > FILE_LINES:
            yield Finding("file-length", path, 1, f"{lines} lines, {FILE_LINES} allowed",
                          "move what belongs together into a file of its own, named after what it is")
        for name, first, last in _functions(path, text):
            if last - first + 1 > FUNCTION_LINES:
                yield Finding("function-length", path, first,
                              f"{name} has {last - first + 1} lines, {FUNCTION_LINES} allowed",
                              "take steps out of it into functions with names of their own")
