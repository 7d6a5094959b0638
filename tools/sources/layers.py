# Rule: a room includes only rooms below it, no header includes itself round a corner; the console likewise.
import os
import posixpath
import re

from .tree import Finding

_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
_IMPORT = re.compile(r"""(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?["']([^"']+)["']|import\(\s*["']([^"']+)["']""")
CONSOLE_LAYERS = ("math", "state", "layers", "panels")


def room_order(tree):
    """The rooms, bottom first, as CMakeLists.txt lists them: the one place where the order stands."""
    match = re.search(r"foreach\(room IN ITEMS ([^)]+)\)", tree.files.get("CMakeLists.txt", ""))
    return match.group(1).split() if match else []


def _line(text, at):
    return text.count("\n", 0, at) + 1


def _room_findings(tree, order):
    for path, text in tree.ending(".hpp", ".cpp", ".h").items():
        parts = path.split("/")
        if parts[0] != "src" or len(parts) < 3:
            continue
        if parts[1] not in order:
            yield Finding("room", path, 1, f"{parts[1]} is not a room that CMakeLists.txt lists",
                          "add it to the list there, at its height")
            continue
        # A test may use a back end from above, as the contract's tests do; it is in nobody's library.
        free = path.endswith(("_test.cpp", "_test.hpp", "_fuzz.cpp"))
        for match in _INCLUDE.finditer(text):
            target = match.group(1).split("/")[0]
            line = _line(text, match.start(1))
            # bench/ stands beside the rooms: it uses all but the top one, which runs it.
            if target == "bench" and match.group(1) in tree.files and parts[1] == order[-1]:
                continue
            if target not in order and "/" in match.group(1):
                continue  # A library that asks for quotes: absl, s2, roaring.
            if "src/" + match.group(1) not in tree.files:
                yield Finding("include", path, line, f'"{match.group(1)}" is no file of src/',
                              'write "room/file.hpp" for ours and <file> for a library')
            elif not free and order.index(target) > order.index(parts[1]):
                yield Finding("upward-include", path, line, f"room {parts[1]} includes {target}, which stands above it",
                              f"move what is needed down, or pass it in from {target} as a function or interface")


def _cycle_findings(graph, rule, remedy):
    state, stack, found = {}, [], []

    def visit(node):
        state[node] = "open"
        stack.append(node)
        for after in sorted(graph.get(node, ())):
            if state.get(after) == "open":
                loop = stack[stack.index(after):] + [after]
                found.append(Finding(rule, node, 1, "goes round: " + " -> ".join(loop), remedy))
            elif after not in state:
                visit(after)
        stack.pop()
        state[node] = "done"

    for node in sorted(graph):
        if node not in state:
            visit(node)
    return found


def _cpp_graph(tree):
    graph = {}
    for path, text in tree.ending(".hpp", ".cpp", ".h").items():
        if path.startswith("src/"):
            graph[path] = {t for t in ("src/" + i for i in _INCLUDE.findall(text)) if t in tree.files}
    return graph


def _resolve(tree, path, name):
    base = posixpath.normpath(posixpath.join(os.path.dirname(path), name))
    for candidate in (base, base + ".ts", base + ".tsx", base + "/index.ts", base + "/index.tsx",
                      re.sub(r"\.js$", ".ts", base), re.sub(r"\.js$", ".tsx", base)):
        if candidate in tree.files:
            return candidate
    return base


def _console_graph(tree):
    graph = {}
    for path, text in tree.ending(".ts", ".tsx").items():
        if path.startswith("console/src/"):
            names = [(m.group(1) or m.group(2), _line(text, m.start())) for m in _IMPORT.finditer(text)]
            graph[path] = {_resolve(tree, path, n): line for n, line in names if n.startswith(".")}
    return graph


def _layer(path):
    parts = path.split("/")
    return parts[2] if len(parts) > 3 and parts[2] in CONSOLE_LAYERS else None


def _console_findings(tree, graph):
    for path, targets in graph.items():
        own = _layer(path)
        if own is None or ".test." in path:
            continue
        for target, line in targets.items():
            other = _layer(target)
            if target.count("/") == 2 and target in tree.files and target.endswith((".ts", ".tsx")):
                yield Finding("console-layer", path, line, f"{own} imports {target}, the top of the console",
                              "pass it in from above")
            elif other and CONSOLE_LAYERS.index(other) > CONSOLE_LAYERS.index(own):
                yield Finding("console-layer", path, line, f"{own} imports from {other}, which stands above it",
                              "move what is needed down, or pass it in from above")


def check(tree):
    """Findings of upward includes, cycles, and includes that name no file."""
    yield from _room_findings(tree, room_order(tree))
    yield from _cycle_findings(_cpp_graph(tree), "include-cycle", "move what both need into a header of its own")
    graph = _console_graph(tree)
    yield from _console_findings(tree, graph)
    modules = {p: {t for t in targets if t in tree.files} for p, targets in graph.items()}
    yield from _cycle_findings(modules, "import-cycle", "move what both need into a module of its own")
