# Starting and ending: ready, quick again, on this machine's address only, clear where it cannot start.
import glob
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time

import cityloom
from cityloom import Server, Skip, command, entity, expect, expect_equal


def listening_sockets(process):
    """(address, port) of every TCP socket that a process listens on."""
    inodes = set()
    for link in glob.glob(f"/proc/{process}/fd/*"):
        try:
            match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(link))
        except OSError:
            continue
        if match:
            inodes.add(match.group(1))
    found = []
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        with open(f"/proc/{process}/net/{name}") as f:
            for line in f.read().split("\n")[1:]:
                field = line.split()
                if len(field) > 9 and field[3] == "0A" and field[9] in inodes:
                    host, port = field[1].split(":")
                    words = [bytes.fromhex(host[i:i + 8])[::-1] for i in range(0, len(host), 8)]
                    found.append((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return found


def test_ready_in_a_fresh_folder_and_quick_again():
    with cityloom.folder() as folder:
        started = time.monotonic()
        with Server(folder + "/data") as server:
            expect(time.monotonic() - started < 5, "the first start took over 5 s")
            server.expect_error_line("--city")
            health = server.get("/health").json()
            expect_equal(health["status"], "up", "health")
            expect_equal(server.ask("POST", "/ngsi-ld/v1/entities", entity(1)).status, 201, "create")
            expect_equal(server.stop(), 0, "code after Ctrl-C")
        started = time.monotonic()
        with Server(folder + "/data") as server:
            expect(time.monotonic() - started < 2, "the second start took over 2 s")
            expect_equal(server.get("/ngsi-ld/v1/entities/urn:ngsi-ld:Probe:1").status, 200, "the entity after a restart")
            expect_equal(server.stop(signal.SIGTERM), 0, "code after SIGTERM")
        expect(not os.path.exists(folder + "/data/running.json"), "running.json stays behind")


def test_listens_on_this_machine_only():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        expect_equal(listening_sockets(server.process.pid), [("127.0.0.1", server.port)], "listens on")


def test_port_in_use():
    with cityloom.folder() as folder, socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        code, _, error = command("serve", "--data", folder + "/data", "--port", port)
        expect_equal(code, 4, "code")
        expect(port in error and "--port" in error, error)


def test_data_folder_in_use():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        for words in (["serve", "--port", "0"], ["refold"], ["import", "x.osm"]):
            code, _, error = command(words[0], "--data", folder + "/data", *words[1:])
            expect_equal(code, 3, f"code of {words[0]}: {error}")
            expect("in use" in error and server.url() in error, error)
        expect_equal(server.get("/health").status, 200, "the first server afterwards")


def test_killed_server_leaves_no_lock():
    with cityloom.folder() as folder:
        with Server(folder + "/data") as server:
            server.kill()
        with Server(folder + "/data") as server:
            expect_equal(server.stop(), 0, "code")


def nobody_can_run():
    """The program as a user without rights; skips where that user cannot even reach it."""
    if os.geteuid() != 0:
        return {}
    done = subprocess.run([cityloom.BINARY, "version"], user=65534, group=65534, capture_output=True) \
        if os.access(cityloom.BINARY, os.X_OK) else None
    if done is None or done.returncode != 0:
        raise Skip("a user without rights cannot reach the program's folder")
    return {"user": 65534, "group": 65534}


def test_unwritable_folder():
    with cityloom.folder() as folder:
        os.chmod(folder, 0o755)
        data = folder + "/data"
        os.mkdir(data)
        os.chmod(data, 0o555)
        try:
            who = nobody_can_run()
        except (PermissionError, OSError) as error:
            raise Skip(f"cannot change to another user: {error}")
        code, _, error = command("serve", "--data", data, "--port", "0", **who)
        expect_equal(code, 3, f"code ({error})")
        expect("Permission denied" in error and "--data" in error, error)


def fill_until_refused(server):
    """Writes ever more until the server says no; gives the ids that it acknowledged."""
    client, acknowledged = server.client(), []
    for number in range(20000):
        try:
            answer = client.ask("POST", "/ngsi-ld/v1/entities", entity(number, "x" * 8000))
        except OSError:
            return acknowledged
        if answer.status != 201:
            expect(answer.status in (500, 503, 507), f"status {answer.status}: {answer.body[:200]}")
            return acknowledged
        acknowledged.append(number)
    raise AssertionError("the disk never filled")


def check_full_disk(data, make_room, **popen):
    with Server(data, **popen) as server:
        acknowledged = fill_until_refused(server)
        expect(len(acknowledged) > 10, "hardly anything was written")
        code = server.process.wait(60)
        for reader in server._readers:
            reader.join(2)
        expect_equal(code, 3, f"code ({server.errors[-5:]})")
        server.expect_error_line("start again")
    make_room()
    with Server(data) as server:
        client = server.client()
        for number in acknowledged:
            status = client.ask("GET", f"/ngsi-ld/v1/entities/urn:ngsi-ld:Probe:{number}").status
            expect_equal(status, 200, f"acknowledged entity {number} after the full disk")


def test_files_that_may_not_grow():
    # RLIMIT_FSIZE is a full disk for whoever may not mount one.
    with cityloom.folder() as folder:
        check_full_disk(folder + "/data", lambda: None,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6 << 20, resource.RLIM_INFINITY)))


def test_full_disk():
    with cityloom.folder() as folder:
        mount = folder + "/disk"
        os.mkdir(mount)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", mount],
                                               capture_output=True).returncode != 0:
            raise Skip("only root may mount a small disk")
        try:
            check_full_disk(mount + "/data",
                            lambda: subprocess.run(["mount", "-o", "remount,size=512m", mount], check=True))
        finally:
            subprocess.run(["umount", "-l", mount], check=True)


def test_no_room_at_all():
    if os.geteuid() != 0:
        raise Skip("only root may mount a small disk")
    with cityloom.folder() as folder:
        mount = folder + "/disk"
        os.mkdir(mount)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", mount], capture_output=True).returncode:
            raise Skip("mounting is not allowed here")
        try:
            with open(mount + "/ballast", "wb") as f:
                try:
                    f.write(b"x" * (1 << 20))
                    f.flush()
                except OSError:
                    pass
            code, _, error = command("serve", "--data", mount + "/data", "--port", "0")
            expect_equal(code, 3, f"code ({error})")
            expect("No space left" in error and "room" in error, error)
        finally:
            shutil.rmtree(mount, ignore_errors=True)
            subprocess.run(["umount", "-l", mount], check=True)


def test_ends_at_once_with_open_streams_and_long_queries():
    heavy = ("/ngsi-ld/v1/temporal/entities?type=Probe&timerel=before&timeAt=2100-01-01T00:00:00Z"
             "&timeproperty=modifiedAt&q=reading%3E1e9")
    count = 60_000
    with cityloom.folder() as folder:
        with Server(folder + "/data") as server:
            client = server.client()
            for first in range(0, count, 2_000):
                batch = [entity(number, number) for number in range(first, first + 2_000)]
                expect_equal(client.ask("POST", "/ngsi-ld/v1/entityOperations/create", batch).status, 201, "batch")
            sockets = []
            for path in ["/api/stream"] * 30 + [heavy] * 30:
                one = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                one.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                sockets.append(one)

            def under_way():
                text = client.ask("GET", "/metrics").body.decode()
                return (re.search(r"^cityloom_http_streams 30$", text, re.M) and
                        re.search(r"^cityloom_http_long_work [1-9]", text, re.M))
            cityloom.wait_until("streams and long queries are under way", under_way)
            began = time.monotonic()
            expect_equal(server.stop(), 0, "exit code")
            expect(time.monotonic() - began < 4, f"took {time.monotonic() - began:.1f} s to end")
            for one in sockets:
                one.close()
        with Server(folder + "/data") as server:
            answer = server.get("/ngsi-ld/v1/entities?type=Probe&limit=0&count=true")
            expect_equal(answer.headers["NGSILD-Results-Count"], str(count), "entities after the end")


cityloom.run_tests(globals())
