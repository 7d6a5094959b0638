# Counts checks, from any worker, and remembers the names of what failed or was skipped.
import threading


class Tally:
    def __init__(self):
        self._lock = threading.Lock()
        self.passed = 0
        self.failed = []
        self.skipped = []

    def counts(self):
        with self._lock:
            return self.passed, len(self.failed), len(self.skipped)

    def ok(self, name, quiet=True):
        with self._lock:
            self.passed += 1
            if not quiet:
                print(f"ok {name}", flush=True)

    def add_passed(self, count):
        with self._lock:
            self.passed += count

    def add(self, other):
        """Counts what another tally counted (and printed)."""
        with self._lock:
            self.passed += other.passed
            self.failed += other.failed
            self.skipped += other.skipped

    def fail(self, name, detail=""):
        with self._lock:
            self.failed.append(name)
            print(f"not ok {name}" + (f"\n{indented(detail)}" if detail else ""), flush=True)

    def skip(self, name, reason):
        with self._lock:
            self.skipped.append(name)
            print(f"skip {name}: {reason}", flush=True)

    def print_end(self):
        for name in self.failed:
            print(f"  failed: {name}")
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {len(self.failed)} failed{skipped}", flush=True)


def indented(text, lines=60):
    """The last lines of an output, set off from our own."""
    kept = text.rstrip("\n").split("\n")
    cut = [f"    ... {len(kept) - lines} lines before"] if len(kept) > lines else []
    return "\n".join(cut + ["    | " + line for line in kept[-lines:]])
