# Runs a program in a group of its own with a deadline, so that nothing it starts outlives it.
import os
import re
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass

_running, _running_lock = set(), threading.Lock()  # what an interrupted ./test ends, whichever worker waits for it
_LINE = re.compile(r"^(ok|not ok|skip)\s+(.*)$")


@dataclass
class Outcome:
    code: int
    output: str
    timed_out: bool = False

    def good(self):
        return self.code == 0 and not self.timed_out


def run(command, folder, timeout_s, environment=None):
    """Runs to the end or the deadline; afterwards the whole process group is ended. Output and errors together."""
    with tempfile.TemporaryFile() as output:
        try:
            with _running_lock:
                process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                                           stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})},
                                           start_new_session=True)
                _running.add(process)
        except OSError as error:
            return Outcome(127, str(error))
        timed_out = False
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            _end_group(process)
            _running.discard(process)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if timed_out:
        text += f"\ndid not end within {timeout_s:.0f} s"
    return Outcome(process.returncode, text, timed_out)


def end_all():
    """Ends everything that runs, and lets nothing begin any more: for the end of the program only."""
    _running_lock.acquire()
    for process in list(_running):
        os.killpg(process.pid, signal.SIGKILL)


def _end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def count_lines(tally, name, outcome):
    """Counts what a program said in lines `ok NAME`, `not ok NAME: why`, `skip NAME: reason`."""
    said_failure, checks, text = False, 0, outcome.output.split("\n")
    for at, line in enumerate(text):
        match = _LINE.match(line)
        if not match:
            continue
        checks += 1
        kind, rest = match.groups()
        if kind == "ok":
            tally.ok(f"{name}: {rest}", quiet=False)
        elif kind == "skip":
            what, _, reason = rest.partition(": ")
            tally.skip(f"{name}: {what}", reason or "no reason given")
        else:
            said_failure = True
            before = [l for l in text[max(0, at - 40):at] if not _LINE.match(l)]
            tally.fail(f"{name}: {rest}", "\n".join(before))
    if (not outcome.good() and not said_failure) or checks == 0:
        why = "said nothing that counts" if outcome.good() else f"ended with {outcome.code}"
        tally.fail(f"{name} ({why})", outcome.output)
