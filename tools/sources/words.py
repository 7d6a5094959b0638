# Rules about words: head comments, unfinished marks, paths of one machine, registry hosts, README of each room.
import os
import re

from .tree import Finding

# Written apart so that this file does not break its own rule.
_UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
_MACHINE = re.compile(r"(?<![\w.~$}])/(" + "|".join(("wo" + "rk", "ho" + "me", "ro" + "ot", "Us" + "ers")) + r")/[\w.]")
_COMMENT_STARTS = ("//", "/*", "#", '"""', "<!--", "'''")
_HEADED = (".hpp", ".cpp", ".h", ".ts", ".tsx", ".mjs", ".js", ".css", ".py", ".sh", ".cmake", "CMakeLists.txt")


def _head_comment(path, text):
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#!", "#pragma", "<!DOCTYPE", "'use strict'")):
            continue
        # A preprocessor line starts with # too, but says nothing to a reader.
        if path.endswith((".hpp", ".cpp", ".h")) and stripped.startswith("#"):
            return False
        return stripped.startswith(_COMMENT_STARTS)
    return False


def _lines(pattern, text):
    for number, line in enumerate(text.split("\n"), 1):
        match = pattern.search(line)
        if match:
            yield number, match.group(0)


def check(tree):
    """Findings of all word rules."""
    rooms = set()
    for path, text in tree.files.items():
        parts = path.split("/")
        if parts[0] == "src" and len(parts) > 2:
            rooms.add(parts[1])
        code = path.endswith(_HEADED) or text.startswith("#!")
        if code and not tree.is_generated(path) and text.strip() and not _head_comment(path, text):
            room_cmake = parts[0] == "src" and os.path.basename(path) == "CMakeLists.txt"
            # x.cpp and x_test.cpp are told by x.hpp beside them.
            header = re.sub(r"(_test|_fuzz)?\.cpp$", ".hpp", path)
            if not room_cmake and (header == path or header not in tree.files):
                yield Finding("head-comment", path, 1, "does not begin with a comment",
                              "say in one to three lines what the file holds")
        for line, word in _lines(_UNFINISHED, text):
            yield Finding("unfinished", path, line, f"says {word}",
                          "do it, or write it where it will be found: an issue, a decision")
        for line, word in _lines(_MACHINE, text):
            yield Finding("machine-path", path, line, f"names a path of one machine, {word}...",
                          "take it from the environment, an option, or the source folder")
        if path.endswith("package-lock.json") and '"resolved": "http' in text:
            yield Finding("registry-host", path, 1, "names the host that packages came from",
                          "put omit-lockfile-registry-resolved=true in .npmrc beside it and write the lock again")
    for room in sorted(rooms):
        if f"src/{room}/README.md" not in tree.files:
            yield Finding("room-page", f"src/{room}/README.md", 1, "the room has no page",
                          "write what it holds, its door header, how it works, what to know before a change")
