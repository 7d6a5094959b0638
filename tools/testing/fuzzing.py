# The fuzzers. One by one, at the lowest priority, beside sections that leave cores idle; the rest afterwards on all cores.
import base64
import glob
import os
import queue
import shutil
import tempfile
import threading

from . import cpp, programs
from .tally import Tally

BESIDE, ALONE = ("nice", "-n", "19"), ()


class Fuzzing:
    """begin() before sections that wait a lot, finish() when they have ended; or finish() alone."""

    def __init__(self):
        self._left = None  # names not begun yet; None before the build
        self._beside = None
        self._own = Tally()  # of what ran beside: counted with this section
        self._alone = threading.Event()  # no other section runs: begin no more at low priority

    def begin(self, context, tally):
        if self._build(context, tally):
            self._beside = threading.Thread(target=self._take, args=(context, self._own, BESIDE, self._alone), daemon=True)
            self._beside.start()

    def finish(self, context, tally):
        if self._left is None and not self._build(context, tally):
            return
        self._alone.set()
        never = threading.Event()
        workers = [threading.Thread(target=self._take, args=(context, self._own, ALONE, never), daemon=True) for _ in range(context.jobs)]
        for worker in workers:
            worker.start()
        for worker in [*workers, *([self._beside] if self._beside else [])]:
            worker.join()
        tally.add(self._own)

    def _build(self, context, tally):
        self._left = queue.SimpleQueue()
        names = sorted(os.path.splitext(os.path.basename(path))[0]
                       for path in glob.glob(context.path("src", "**", "*_fuzz.cpp"), recursive=True))
        names = [name for name in names if context.only in name]
        if not names or not cpp.build(context, tally, "asan", names):
            return False
        for name in names:
            self._left.put(name)
        return True

    def _take(self, context, tally, priority, until):
        while not until.is_set():
            try:
                name = self._left.get_nowait()
            except queue.Empty:
                return
            _run_one(context, tally, name, priority)


def _run_one(context, tally, name, priority):
    """A minute (or as told) of one fuzzer, from the seeds in NAME_corpus/ beside its source."""
    source = glob.glob(context.path("src", "**", name + ".cpp"), recursive=True)[0]
    binary = glob.glob(context.path("build", "asan", "src", "**", name), recursive=True)
    if not binary:
        tally.fail(f"{name}: no such program in build/asan")
        return
    seeds = [d for d in (source[:-len(".cpp")] + "_corpus", source[:-len("_fuzz.cpp")] + "_corpus") if os.path.isdir(d)]
    # By the wall clock, which says little of what runs at the lowest priority beside busy cores.
    input_seconds = 600 if priority else 20
    with tempfile.TemporaryDirectory(prefix="cityloom-fuzz-") as folder:
        os.mkdir(os.path.join(folder, "corpus"))
        command = [*priority, binary[0], os.path.join(folder, "corpus"), *seeds, f"-max_total_time={context.fuzz_seconds}",
                   "-rss_limit_mb=2048", f"-timeout={input_seconds}", "-print_final_stats=1", "-verbosity=0", "-print_funcs=0",
                   f"-artifact_prefix={folder}/"]
        outcome = programs.run(command, context.root, context.fuzz_seconds + 2 * input_seconds + 60,
                               cpp.sanitizer_environment(context, "asan"))
        if outcome.good():
            runs = [l.split()[-1] for l in outcome.output.split("\n") if "number_of_executed_units" in l]
            tally.ok(f"{name}: {runs[0] if runs else 'some'} inputs", quiet=False)
            return
        kept = context.path("build", "asan", "found")
        os.makedirs(kept, exist_ok=True)
        crashes = glob.glob(f"{folder}/*-*")
        for crash in crashes:
            shutil.copy(crash, os.path.join(kept, f"{name}-{os.path.basename(crash)}"))
        tally.fail(f"{name}; the input is kept in build/asan/found", outcome.output + "".join(map(_as_text, crashes)))


def _as_text(path, bytes_max=4096):
    """A small input in the output itself: the machine on which it was found may be gone."""
    with open(path, "rb") as f:
        held = f.read(bytes_max + 1)
    said = base64.b64encode(held).decode() if len(held) <= bytes_max else f"over {bytes_max} bytes"
    return f"\n{os.path.basename(path)} in base64: {said}\n"
