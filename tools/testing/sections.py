# The sections of ./test. Each finds its programs by itself, so that a new test is a new file and nothing else.
import glob
import os
import re
import shutil
import tempfile
from collections import namedtuple
from dataclasses import dataclass

from . import cpp, programs
from .fuzzing import Fuzzing
from .tally import Tally

# `begin`: what may start already before the section named `begins_before`, beside it and those that follow.
Section = namedtuple("Section", "name title run default begin begins_before", defaults=(None, ""))
TSAN_ROOMS = ("base", "thread", "store", "link", "serve")
# Left out: long tests of a single worker, and one that forks, which the sanitizer cannot follow; all run elsewhere.
TSAN_LEFT_OUT = "FailingDisk.*:RecordFault.*:EmbeddedStore.NamesTheProcessThatHasItOpen"
SCRIPT_TIMEOUT_S = 600
BROWSER_TIMEOUT_S = 2400  # one script with all of the console


@dataclass
class Context:
    """Where things are, and how much may run at once."""

    root: str
    shared: str  # "" where there is no real data
    jobs: int
    fuzz_seconds: int
    only: str

    @staticmethod
    def of(root, only):
        shared = os.environ.get("CITYLOOM_SHARED") or os.path.join(os.path.dirname(root), "shared", "data")
        return Context(root, os.path.abspath(shared) if os.path.isdir(shared) else "",
                       int(os.environ.get("CITYLOOM_JOBS") or os.cpu_count() or 2),
                       int(os.environ.get("CITYLOOM_FUZZ_SECONDS") or 60), only)

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def environment(self):
        return {"CITYLOOM_ROOT": self.root, "CITYLOOM_SHARED": self.shared, "PYTHONDONTWRITEBYTECODE": "1",
                "CITYLOOM_BINARY": self.path("build", "release", "cityloom"), "PYTHONPATH": self.path("tests")}


def sources(context, tally):
    for script in ("check_sources", "check_docs"):
        outcome = programs.run(["python3", context.path("tools", script)], context.root, 120)
        programs.count_lines(tally, script, outcome)
    for test in sorted(glob.glob(context.path("tools", "*_test.py"))):
        outcome = programs.run(["python3", test], context.root, 120)
        ran = re.search(r"Ran (\d+) tests?", outcome.output)
        if outcome.good() and ran:
            tally.add_passed(int(ran.group(1)))
        else:
            tally.fail(os.path.basename(test), outcome.output)
    cpp.check_layout(context, tally)


def unit(context, tally):
    if cpp.build(context, tally, "asan", ["all"]):
        cpp.run_unit_tests(context, tally, "asan", None)


def debug(context, tally):
    if cpp.build(context, tally, "debug", ["all"]):
        cpp.run_unit_tests(context, tally, "debug", None)


def tsan(context, tally):
    rooms = [room for room in TSAN_ROOMS if glob.glob(context.path("src", room, "**", "*_test.cpp"), recursive=True)]
    if cpp.build(context, tally, "tsan", [room + "_test" for room in rooms]):
        cpp.run_unit_tests(context, tally, "tsan", rooms, TSAN_LEFT_OUT)


def release(context, tally):
    outcome = programs.run([context.path("run"), "--build-only"], context.root, 1500)
    if outcome.good() and os.access(context.path("build", "release", "cityloom"), os.X_OK):
        tally.ok("./run --build-only", quiet=False)
    else:
        tally.fail("./run --build-only", outcome.output)


def _runner(path):
    return {".py": ["python3"], ".mjs": ["node"], ".sh": ["bash"]}[os.path.splitext(path)[1]] + [path]


def scripts_of(*folders, timeout_s=SCRIPT_TIMEOUT_S):
    """A section that runs every test script of some folders, one after another, each in an empty folder of its own."""

    def section(context, tally):
        found = [p for folder in folders for p in sorted(glob.glob(context.path(folder, "*")))
                 if re.search(r"(_test\.(py|sh|mjs)|\.test\.mjs|/run\.mjs)$", p) and context.only in p]
        for path in found:
            name = os.path.relpath(path, context.root)
            with tempfile.TemporaryDirectory(prefix="cityloom-test-") as folder:
                outcome = programs.run(_runner(path), folder, timeout_s, context.environment())
            programs.count_lines(tally, name, outcome)
        if not found:
            print(f"nothing in {', '.join(folders)} yet")

    return section


def console(context, tally):
    if not os.path.isfile(context.path("console", "package.json")):
        print("no console yet")
        return
    with open(context.path("console", "package.json"), encoding="utf-8") as f:
        text = f.read()
    for script in ("typecheck", "lint"):
        if f'"{script}":' in text and f"npm run {script}" not in text:
            outcome = programs.run(["npm", "run", "--silent", script], context.path("console"), 300)
            tally.ok(f"npm run {script}", quiet=False) if outcome.good() else tally.fail(f"npm run {script}",
                                                                                         outcome.output)
    outcome = programs.run(["npm", "test", "--silent"], context.path("console"), 600, {"CI": "1", "NO_COLOR": "1"})
    counted = re.search(r"Tests\s+(?:(\d+) failed \| )?(?:(\d+) passed)?(?: \| (\d+) skipped)?", outcome.output)
    tally.add_passed(int(counted.group(2) or 0) if counted else 0)
    if not outcome.good():
        tally.fail("npm test", outcome.output)


def tidy(context, tally):
    if shutil.which("clang-tidy") is None:
        tally.skip("clang-tidy", "not installed")
    else:
        cpp.run_tidy(context, tally)


FUZZING = Fuzzing()

ALL = [
    Section("sources", "Source and docs checks", sources, True),
    Section("unit", "Unit tests, with address and undefined-behaviour sanitizers", unit, True),
    Section("tsan", "Unit tests of rooms with workers, with thread sanitizer", tsan, True),
    Section("release", "Release build of server and console", release, True),
    Section("console", "Unit tests of the console", console, True),
    Section("end-to-end", "The program as its users run it", scripts_of("tests/end_to_end"), True),
    Section("kill", "kill -9 at random moments", scripts_of("tests/kill"), True),
    Section("browser", "The console in a browser", scripts_of("tests/browser", "console/tests/browser", timeout_s=BROWSER_TIMEOUT_S), True),
    Section("gltf", "The tiles' glTF by gltf-validator", scripts_of("tests/gltf"), True),
    Section("fuzz", "Fuzzers of every parser", FUZZING.finish, True, FUZZING.begin, "release"),
    Section("debug", "Unit tests without sanitizers, by g++ (on demand)", debug, False),
    Section("tidy", "clang-tidy over all sources (slow, on demand)", tidy, False),
]
