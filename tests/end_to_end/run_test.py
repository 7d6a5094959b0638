# ./run as its users call it, on sources that are built: ready soon, ended by Ctrl-C, nothing left behind.
import os
import signal
import subprocess
import threading
import time

import cityloom
from cityloom import ROOT, Client, expect, expect_equal

RUN = os.path.join(ROOT, "run")
READY_S = 5  # asked of a second start; the machine may be busy here


def run_to_the_end(*words):
    done = subprocess.run([RUN, *words], capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def processes_of_group(group):
    """Names of the processes of a group that still run."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.getpgid(int(entry)) == group:
                with open(f"/proc/{entry}/comm", encoding="utf-8") as name:
                    found.append(name.read().strip())
        except OSError:
            pass  # it ended meanwhile
    return found


def test_help_names_the_options_and_needs_nothing():
    code, output, _ = run_to_the_end("--help")
    expect_equal(code, 0, "code")
    for option in ("--city DIR", "--data DIR", "--port N", "--build-only"):
        expect(option in output, f"{option} is not in: {output}")


def test_an_option_without_its_value_and_an_unknown_one_are_told():
    code, _, error = run_to_the_end("--data")
    expect(code == 2 and "--data needs a folder" in error, f"{code}: {error}")
    with cityloom.folder() as folder:
        code, _, error = run_to_the_end("--data", folder, "--prot", "1")
        expect(code == 2 and "--prot" in error and "--port" in error, f"{code}: {error}")


def test_built_again_is_told_and_quick():
    code, _, error = run_to_the_end("--build-only")
    expect(code == 0 and "built: build/release/cityloom" in error, f"{code}: {error}")
    expect(os.access(os.path.join(ROOT, "build", "release", "cityloom"), os.X_OK), "the program is where it was said to be")


def test_ready_in_seconds_with_one_line_ended_by_ctrl_c_and_nothing_left():
    with cityloom.folder() as folder:
        port = cityloom.free_port()
        started = time.monotonic()
        # A session of its own, so that Ctrl-C reaches all that it starts, as in a terminal.
        process = subprocess.Popen([RUN, "--data", folder + "/var", f"--port={port}", "--no-rehearsal"], cwd=folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True)
        said = []
        reader = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
        reader.start()
        try:
            line = process.stdout.readline().decode().strip()
            took_s = time.monotonic() - started
            expect_equal(line, f"Cityloom is ready at http://127.0.0.1:{port}/", "the line")
            expect(took_s < 4 * READY_S, f"ready after {took_s:.1f} s")
            expect_equal(Client(port).ask("GET", "/health").status, 200, "health")
            expect(os.path.isdir(folder + "/var"), "the data is below the caller's folder")
            os.killpg(process.pid, signal.SIGINT)
            expect_equal(process.wait(30), 0, "code after Ctrl-C")
            reader.join(5)
            expect(any(b"--city" in text for text in said), f"how to bring a city is told: {said}")
            expect_equal(processes_of_group(process.pid), [], "processes left behind")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    cityloom.run_tests(globals())
