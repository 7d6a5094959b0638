# What the tests of the whole program share: starting a server, asking it, and saying ok, not ok or skip.
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

ROOT = os.environ.get("CITYLOOM_ROOT") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("CITYLOOM_BINARY") or os.path.join(ROOT, "build", "release", "cityloom")
_SHARED = os.environ.get("CITYLOOM_SHARED")
SHARED = _SHARED if _SHARED is not None else os.path.join(os.path.dirname(ROOT), "shared", "data")
JAMSIL = os.path.join(SHARED, "seoul-jamsil") if SHARED else ""


class Skip(Exception):
    """Raised by a test that cannot run here; the text is the reason."""


def run_tests(namespace):
    """Runs every function test_* in the order of the file; ends the program with 1 if any failed."""
    failed = False
    for name, function in list(namespace.items()):
        if not name.startswith("test_") or (len(sys.argv) > 1 and sys.argv[1] not in name):
            continue
        label = name[len("test_"):].replace("_", " ")
        try:
            function()
            print(f"ok {label}", flush=True)
        except Skip as reason:
            print(f"skip {label}: {reason}", flush=True)
        except Exception as error:  # Whatever it is, it is this test's failure and the next one runs.
            failed = True
            traceback.print_exc(file=sys.stdout)
            print(f"not ok {label}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", flush=True)
    sys.exit(1 if failed else 0)


def needs_shared(path):
    if not SHARED or not os.path.exists(path):
        raise Skip("../shared/data is absent")
    return path


@contextlib.contextmanager
def folder():
    """A folder of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="cityloom-") as path:
        yield path


def command(*words, timeout=120, **options):
    """Runs `cityloom WORDS` to its end: (code, output, error output)."""
    done = subprocess.run([BINARY, *words], capture_output=True, timeout=timeout, **options)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_equal(is_, shall, what=""):
    if is_ != shall:
        raise AssertionError(f"{what}: {is_!r} instead of {shall!r}")


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Client:
    """One connection that stays open; asks again once where the server closed it meanwhile."""

    def __init__(self, port, timeout=30):
        self.port, self.timeout, self.connection = port, timeout, None

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
            if response.will_close:
                self.close()
            return answer
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Server:
    """A server that is ready. Ended by force when the `with` ends and the test has not ended it itself."""

    def __init__(self, data, *options, wait=True, timeout=120, **popen):
        # An empty folder stays empty, unless the test is about the rehearsal.
        if not any("rehears" in str(option) for option in options):
            options = ("--no-rehearsal", *options)
        self.process = subprocess.Popen([BINARY, "serve", "--data", data, "--port", "0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen)
        self.said, self.errors = [], []
        self._heard, self._ended = threading.Condition(), 0
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self.process.stdout, self.said), (self.process.stderr, self.errors))]
        for reader in self._readers:
            reader.start()
        self.port = None
        if wait:
            self.wait_ready(timeout)

    def _read(self, stream, lines):
        for line in stream:
            with self._heard:
                lines.append(line.decode(errors="replace").rstrip("\n"))
                self._heard.notify_all()
        with self._heard:
            self._ended += 1
            self._heard.notify_all()

    def _port_told(self):
        matches = (re.fullmatch(r"Cityloom is ready at http://127\.0\.0\.1:(\d+)/", line) for line in self.said)
        return next((int(match.group(1)) for match in matches if match), None)

    def wait_ready(self, timeout):
        """Returns when the server has said that it is ready; an error when it ends before, or the time is over."""
        with self._heard:
            self._heard.wait_for(lambda: self._port_told() or self._ended == len(self._readers), timeout)
            self.port = self._port_told()
            if self.port:
                return
            if self._ended == len(self._readers):
                raise AssertionError(f"ended with {self.process.wait(timeout)} before it was ready: {self.said} {self.errors}")
            raise AssertionError(f"not ready within {timeout} s: {self.said} {self.errors}")

    def expect_error_line(self, part, timeout=10):
        """A line with this part has been written to standard error, or will be soon: its reader may still be behind."""
        with self._heard:
            self._heard.wait_for(lambda: any(part in line for line in self.errors) or self._ended == len(self._readers), timeout)
            expect(any(part in line for line in self.errors), f"{part!r} was not said: {self.errors[-8:]}")

    def client(self, timeout=30):
        return Client(self.port, timeout)

    def ask(self, method, path, body=None, headers=None, timeout=30):
        client = self.client(timeout)
        try:
            return client.ask(method, path, body, headers)
        finally:
            client.close()

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def memory_mb(self, name="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(name + r":\s+(\d+) kB", f.read()).group(1)) / 1024

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, number=signal.SIGINT, timeout=30):
        """Asks it to end; gives the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(2)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.kill()
        if error[0] is not None:
            print("the server said: " + "\n  ".join(self.errors[-20:]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def quoted(text):
    return urllib.parse.quote(text, safe="")


def entity(number, value=0, **more):
    """A small entity in NGSI-LD, concise enough to read."""
    return {"id": f"urn:ngsi-ld:Probe:{number}", "type": "Probe",
            "reading": {"type": "Property", "value": value}, **more}


def wait_until(what, condition, timeout=30):
    """Asks again and again until the condition gives something true; that is returned."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"within {timeout} s not: {what}")
