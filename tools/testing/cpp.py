# Builds of the C++ presets, their GoogleTest programs, layout and lint.
import glob
import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from . import programs

BUILD_TIMEOUT_S = 3600
UNIT_TIMEOUT_S = 1500


def build(context, tally, preset, targets):
    """Configures and builds; false, and counted as a failure, where that fails."""
    folder = context.path("build", preset)
    steps = [["cmake", "--preset", preset]]
    steps.append(["nice", "cmake", "--build", folder, "--target", *targets, "--", "-j", str(context.jobs)])
    for step in steps:
        outcome = programs.run(step, context.root, BUILD_TIMEOUT_S)
        if not outcome.good():
            tally.fail(f"build of preset {preset}", outcome.output)
            return False
    return True


def _test_programs(context, preset, rooms):
    out = subprocess.run(["ctest", "--test-dir", context.path("build", preset), "--show-only=json-v1"],
                         capture_output=True, check=True).stdout
    for test in json.loads(out)["tests"]:
        if test.get("command") and (rooms is None or test["name"] in rooms) and context.only in test["name"]:
            yield test["name"], test["command"]


def sanitizer_environment(context, preset):
    tsan_suppressions, ubsan_suppressions = context.path("tools", "tsan.supp"), context.path("tools", "ubsan.supp")
    symbolizer = shutil.which("llvm-symbolizer-19") or ""
    common = {"ASAN_SYMBOLIZER_PATH": symbolizer, "TSAN_SYMBOLIZER_PATH": symbolizer,
              "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1",
              "UBSAN_SYMBOLIZER_PATH": symbolizer,
              "UBSAN_OPTIONS": f"print_stacktrace=1:halt_on_error=1:suppressions={ubsan_suppressions}",
              "TSAN_OPTIONS": f"halt_on_error=1:second_deadlock_stack=1:suppressions={tsan_suppressions}:"
                              f"external_symbolizer_path={symbolizer}"}
    return {**context.environment(), **common} if preset in ("asan", "tsan") else context.environment()


def _count_report(tally, name, report, outcome):
    """Counts each test of a GoogleTest report; what it does not tell (a crash) counts as one failure."""
    failed = False
    for suite in report.get("testsuites", []):
        for test in suite["testsuite"]:
            label = f"{name}: {suite['name']}.{test['name']}"
            if test.get("failures"):
                failed = True
                tally.fail(label, "\n".join(f["failure"] for f in test["failures"]))
            elif test.get("result") == "SKIPPED" or test.get("status") == "NOTRUN":
                reasons = [s.get("message", "") for s in test.get("skipped", [])]
                tally.skip(label, " ".join(reasons).strip().split("\n")[-1] or _skip_reason(outcome.output, label))
            else:
                tally.ok(label)
    if not outcome.good() and not failed:
        tally.fail(f"{name} ended with {outcome.code}", outcome.output)


def _skip_reason(output, label):
    """GoogleTest 1.12 leaves the reason out of its report: it stands in the output, after the test's RUN line."""
    lines = output.split("\n")
    test = label.split(": ", 1)[1]
    for at, line in enumerate(lines):
        if line.strip().endswith(test) and "RUN" in line:
            said = [l for l in lines[at + 1:at + 6] if l.strip() and "[" not in l and not l.endswith("Skipped")]
            return said[0].strip() if said else "no reason given"
    return "no reason given"


def _run_one(context, tally, preset, left_out, name, command, part, parts):
    with tempfile.TemporaryDirectory(prefix="cityloom-unit-") as folder:
        report_path = os.path.join(folder, "report.json")
        environment = {**sanitizer_environment(context, preset), "GTEST_OUTPUT": f"json:{report_path}"}
        if parts > 1:
            environment |= {"GTEST_TOTAL_SHARDS": str(parts), "GTEST_SHARD_INDEX": str(part)}
        if left_out:
            environment["GTEST_FILTER"] = "-" + left_out
        outcome = programs.run(command, context.root, UNIT_TIMEOUT_S, environment)
        try:
            with open(report_path, encoding="utf-8") as f:
                report = json.load(f)
        except (OSError, ValueError):
            report = {}
    if not report and outcome.good():
        tally.ok(name)
    else:
        _count_report(tally, f"{name} ({preset})", report, outcome)


def _parts_of(command, bytes_a_part=30_000_000, parts_max=6):
    """In how many parts a program is run: by its size, so that all cores end at about the same time."""
    return min(parts_max, 1 + os.path.getsize(command[0]) // bytes_a_part)


def run_unit_tests(context, tally, preset, rooms, left_out=""):
    # The largest first: they run longest, and none of them is to be the one that all wait for at the end.
    found = sorted(_test_programs(context, preset, rooms), key=lambda test: -os.path.getsize(test[1][0]))
    with ThreadPoolExecutor(context.jobs) as pool:
        list(pool.map(lambda test: _run_one(context, tally, preset, left_out, *test),
                      [(name, command, part, parts) for name, command in found
                       for parts in [_parts_of(command)] for part in range(parts)]))


def _sources(context, *endings):
    found = [p for ending in endings for p in glob.glob(context.path("src", "**", "*" + ending), recursive=True)]
    return sorted(p for p in found if "/generated/" not in p)


def check_layout(context, tally):
    """clang-format finds nothing to change."""
    files = _sources(context, ".hpp", ".cpp")
    if shutil.which("clang-format") is None:
        tally.skip("clang-format", "not installed")
        return
    outcome = programs.run(["clang-format", "--dry-run", *files], context.root, 300)
    wrong = sorted({line.split(":")[0] for line in outcome.output.split("\n") if "[-Wclang-format-violations]" in line})
    if wrong:
        names = "\n".join(os.path.relpath(p, context.root) for p in wrong)
        tally.fail("layout of the sources. To fix: tools/format", names)
    else:
        tally.ok(f"layout of {len(files)} sources", quiet=False)


def run_tidy(context, tally):
    if not build(context, tally, "debug", ["help"]):
        return

    def one(path):
        command = ["clang-tidy", "-p", context.path("build", "debug"), "--quiet",
                   "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-ignored-optimization-argument",
                   "--extra-arg=-Wno-unused-command-line-argument", path]
        outcome = programs.run(command, context.root, 600)
        name = "tidy " + os.path.relpath(path, context.root)
        tally.ok(name) if outcome.good() else tally.fail(name, outcome.output)

    with ThreadPoolExecutor(context.jobs) as pool:
        list(pool.map(one, [p for p in _sources(context, ".cpp") if context.only in p]))
