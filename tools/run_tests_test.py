# Proves that ./test cannot pass by accident: whatever does not say that it passed has failed.
import contextlib
import io
import os
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from testing import programs  # noqa: E402
from testing.tally import Tally  # noqa: E402

TOOLS = os.path.dirname(os.path.abspath(__file__))


def counted(output, code=0, timed_out=False):
    """What the tally holds after a program said this: passed, names of failures, names of what was skipped."""
    tally = Tally()
    with contextlib.redirect_stdout(io.StringIO()):
        programs.count_lines(tally, "a", programs.Outcome(code, output, timed_out))
    return tally.passed, tally.failed, tally.skipped


def state_of(process):
    """The letter of a process's state; "" when there is no such process."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as status:
            return status.read().rpartition(") ")[2][0]
    except OSError:
        return ""


class Lines(unittest.TestCase):
    def test_each_kind_is_counted_by_name(self):
        self.assertEqual(counted("ok one\nskip two: no data\nnot ok three: why\nwords\n", 1),
                         (1, ["a: three: why"], ["a: two"]))

    def test_what_says_nothing_has_failed(self):
        self.assertEqual(len(counted("")[1]), 1)
        self.assertEqual(len(counted("words only\n")[1]), 1)

    def test_a_bad_end_after_good_lines_is_a_failure(self):
        self.assertEqual(len(counted("ok one\n", 1)[1]), 1)
        self.assertEqual(len(counted("ok one\n", -11)[1]), 1)
        self.assertEqual(len(counted("ok one\n", 0, True)[1]), 1)

    def test_a_failure_is_shown_with_what_was_said_before_it(self):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            programs.count_lines(Tally(), "a", programs.Outcome(1, "expected 1, got 2\nnot ok one"))
        self.assertIn("expected 1, got 2", shown.getvalue())


class Programs(unittest.TestCase):
    def test_a_deadline_ends_the_program_and_what_it_started(self):
        started = time.monotonic()
        outcome = programs.run(["sh", "-c", "sleep 60 & echo $!; wait"], "/", 0.5)
        self.assertLess(time.monotonic() - started, 30)
        self.assertFalse(outcome.good())
        child = int(outcome.output.split()[0])
        # Ended, or nobody has waited for it yet. A busy machine may take a moment over what was killed.
        while state_of(child) not in ("", "Z") and time.monotonic() - started < 30:
            time.sleep(0.01)
        self.assertIn(state_of(child), ("", "Z"))

    def test_a_program_that_is_not_there_has_failed(self):
        self.assertFalse(programs.run(["/no/such/program"], "/", 5).good())


class End(unittest.TestCase):
    def last_line(self, fill):
        tally, shown = Tally(), io.StringIO()
        with contextlib.redirect_stdout(shown):
            fill(tally)
            tally.print_end()
        return shown.getvalue().rstrip("\n").split("\n")[-1]

    def test_the_last_line_counts(self):
        def fill(tally):
            tally.add_passed(3)
            tally.fail("x")

        self.assertEqual(self.last_line(fill), "3 passed, 1 failed")
        self.assertEqual(self.last_line(lambda tally: tally.ok("y")), "1 passed, 0 failed")

    def test_an_unknown_section_is_an_error(self):
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "run_tests.py"), "no-such-section"], capture_output=True)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"there are: sources, unit", done.stderr)


if __name__ == "__main__":
    unittest.main()
