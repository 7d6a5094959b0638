# Five brokers as five processes, each in a network of its own: what they keep is read, written and told as one, over delays,
# cut wires, circles and dead brokers. Needs root and `ip` (network namespaces); without them it is skipped.
import contextlib
import http.client
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import cityloom
from cityloom import Skip, expect, expect_equal

COUNT = 5
PORT = 8080
PREFIX = f"cityloom-{os.getpid()}" if "CITYLOOM_NET" not in os.environ else os.environ["CITYLOOM_NET"]
HERE = "127.9.0.254"
SOURCE_OPERATIONS = ["federationOps", "retrieveTemporal", "queryTemporal", "upsertTemporal", "deleteTemporal", "createEntity",
                     "updateEntity", "appendAttrs", "deleteEntity"]


def space(number):
    return f"{PREFIX}-{number}"


def host(number):
    return f"127.9.0.{number}"


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Skip(f"{' '.join(words[:4])} is not permitted here: {done.stderr.strip()[:200]}")


def inside(name, *words):
    run("ip", "netns", "exec", name, *words)


def open_namespace(name, device, address):
    # The server listens on addresses of 127.0.0.0/8 alone: here they are ones of a wire.
    for one in ("all", device):
        inside(name, "sh", "-c", f"echo 1 > /proc/sys/net/ipv4/conf/{one}/route_localnet")
    inside(name, "ip", "link", "set", "lo", "up")
    inside(name, "ip", "address", "del", "127.0.0.1/8", "dev", "lo")
    inside(name, "ip", "address", "add", f"{address}/24", "dev", device)
    inside(name, "ip", "link", "set", device, "up")


def make_network():
    run("ip", "netns", "add", space("hub"))
    inside(space("hub"), "ip", "link", "add", "bridge", "type", "bridge")
    for number in range(1, COUNT + 1):
        run("ip", "netns", "add", space(number))
        run("ip", "-n", space("hub"), "link", "add", f"wire{number}", "type", "veth", "peer", "name", "wire", "netns",
            space(number))
        inside(space("hub"), "ip", "link", "set", f"wire{number}", "master", "bridge", "up")
        open_namespace(space(number), "wire", host(number))
    open_namespace(space("hub"), "bridge", HERE)


def remove_network():
    for name in ["hub", *range(1, COUNT + 1)]:
        subprocess.run(["ip", "netns", "del", space(name)], capture_output=True, timeout=60)


def main():
    """Makes the network, runs the tests in the middle of it, and takes it away again."""
    if "CITYLOOM_NET" in os.environ:
        return cityloom.run_tests(globals())
    try:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            raise Skip("network namespaces need root and the command ip")
        make_network()
        inner = subprocess.run(["ip", "netns", "exec", space("hub"), sys.executable, os.path.abspath(__file__), *sys.argv[1:]],
                               env={**os.environ, "CITYLOOM_NET": PREFIX})
        sys.exit(inner.returncode)
    except Skip as reason:
        print(f"skip five brokers: {reason}", flush=True)
    finally:
        remove_network()


def ask(number, method, path, body=None, timeout=30, **more):
    connection = http.client.HTTPConnection(host(number), PORT, timeout=timeout)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        connection.request(method, "/ngsi-ld/v1" + path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        return cityloom.Answer(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


def ask_there(number, method, path, body):
    """Asks from the broker's own side of the wire."""
    code = ("import http.client,sys; c=http.client.HTTPConnection(sys.argv[1],int(sys.argv[2]),timeout=20); "
            "c.request(sys.argv[3],sys.argv[4],sys.argv[5],{'Content-Type':'application/json'}); print(c.getresponse().status)")
    done = subprocess.run(["ip", "netns", "exec", space(number), sys.executable, "-c", code, host(number), str(PORT), method,
                           "/ngsi-ld/v1" + path, json.dumps(body)], capture_output=True, text=True, timeout=60)
    return int(done.stdout or 0)


def eventually(condition, what, seconds=40):
    """Waits for what nobody tells of: another process."""
    until = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < until, f"{what}: not within {seconds} s")
        time.sleep(0.1)


class Broker:
    def __init__(self, number, data):
        self.number, self.data, self.process = number, os.path.join(data, str(number)), None
        self.start()

    def start(self):
        self.log = open(self.data + ".log", "ab")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", space(self.number), cityloom.BINARY, "serve", "--data", self.data, "--no-rehearsal", "--host",
             host(self.number), "--port", str(PORT)], stdout=self.log, stderr=self.log)
        eventually(self.answers, f"broker {self.number} is ready", 60)

    def answers(self):
        try:
            return ask(self.number, "GET", "/types", timeout=2).status == 200
        except OSError:
            return False

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)
        self.log.close()

    def halt(self):
        """Stops it where it is: every one of its workers, once the kernel has seen to it."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = f"/proc/{self.process.pid}/task"

        def state(task):
            with open(f"{tasks}/{task}/stat", encoding="ascii") as line:
                return line.read().rsplit(") ", 1)[1][0]

        eventually(lambda: all(state(task) == "T" for task in os.listdir(tasks)), "the broker halts")

    def wire(self, state):
        subprocess.run(["ip", "link", "set", f"wire{self.number}", state], check=True, timeout=60)


@contextlib.contextmanager
def five_brokers():
    brokers = {}
    with tempfile.TemporaryDirectory(prefix="cityloom-") as data:
        try:
            for number in range(1, COUNT + 1):
                brokers[number] = Broker(number, data)
            yield brokers
        finally:
            for broker in brokers.values():
                broker.process.send_signal(signal.SIGCONT)
                broker.end(signal.SIGKILL)


class Subscriber:
    """Keeps what it is told."""

    def __init__(self):
        self.told, heard = [], threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
                with heard:
                    self.told.append(body)
                    heard.notify_all()
                handler.send_response(200)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_):
                pass

        self.heard = heard
        self.server = http.server.ThreadingHTTPServer((HERE, 0), Handler)
        self.url = f"http://{HERE}:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ids(self):
        with self.heard:
            return [entity["id"] for one in self.told for entity in one["data"]]

    def wait_for(self, id_, seconds=60):
        with self.heard:
            found = self.heard.wait_for(lambda: any(entity["id"] == id_ for one in self.told for entity in one["data"]), seconds)
        expect(found, f"{id_} was not told within {seconds} s")


def car(name, speed, type_="Car"):
    return {"id": f"urn:ngsi-ld:{type_}:{name}", "type": type_, "speed": {"type": "Property", "value": speed,
            "observedAt": "2026-11-20T01:00:00Z"}}


def register(at, source, type_="Car", timeout_ms=1000):
    answer = ask(at, "POST", "/csourceRegistrations", {
        "id": f"urn:ngsi-ld:ContextSourceRegistration:{type_}-{at}-{source}", "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": type_}]}], "endpoint": f"http://{host(source)}:{PORT}", "mode": "inclusive",
        "operations": SOURCE_OPERATIONS, "management": {"timeout": timeout_ms}})
    expect_equal(answer.status, 201, f"registration of {source} at {at}: {answer.body}")


def subscribe(at, url, id_, type_="Car"):
    begun = time.monotonic()
    answer = ask(at, "POST", "/subscriptions", {
        "id": id_, "type": "Subscription", "entities": [{"type": type_}],
        "notification": {"format": "keyValues", "endpoint": {"uri": url}}})
    expect_equal(answer.status, 201, f"subscription: {answer.body}")
    expect(time.monotonic() - begun < 2, "a subscription waits for its sources")


def query(at, path="/entities?type=Car&limit=100&options=keyValues"):
    begun = time.monotonic()
    answer = ask(at, "GET", path)
    expect_equal(answer.status, 200, f"query at {at}: {answer.body[:300]}")
    return sorted(one["id"] for one in answer.json()), answer.headers.get_all("NGSILD-Warning") or [], time.monotonic() - begun


def check_all_at_once(brokers):
    for number in brokers:
        expect_equal(ask(number, "POST", "/entities?local=true", car(number, number)).status, 201, "create")
    everything = [f"urn:ngsi-ld:Car:{number}" for number in brokers]
    ids, warnings, _ = query(1)
    expect_equal((ids, warnings), (everything, []), "entities of five brokers")
    ids, warnings, _ = query(1, "/temporal/entities?type=Car&timerel=before&timeAt=2026-12-01T00:00:00Z&limit=100")
    expect_equal((ids, warnings), (everything, []), "the past of five brokers")
    expect_equal(query(2)[0], ["urn:ngsi-ld:Car:2"], "what a broker without registrations knows")
    return everything


def check_links():
    """A condition of what is linked holds wherever that is kept."""
    depot = {"id": "urn:ngsi-ld:Depot:1", "type": "Depot", "holds": {"type": "Relationship", "object": "urn:ngsi-ld:Car:3"}}
    expect_equal(ask(1, "POST", "/entities?local=true", depot).status, 201, "create")
    path = "/entities?type=Depot&join=flat&options=keyValues&q=holds%7Bspeed%7D=="
    expect_equal(query(1, path + "3")[:2], (["urn:ngsi-ld:Car:3", "urn:ngsi-ld:Depot:1"], []), "a depot by its car elsewhere")
    expect_equal(query(1, path + "4")[:2], ([], []), "no depot by another speed")


def freeze():
    """A snapshot of what all five have; gives what tells whether it still has that."""
    queries = [{"type": "Query", "entities": [{"type": "Car"}]}]
    answer = ask(1, "POST", "/snapshots", {"id": "urn:ngsi-ld:Snapshot:all", "type": "Snapshot", "snapshotQueries": queries})
    expect_equal((answer.status, answer.headers.get("NGSILD-Warning")), (201, None), f"snapshot: {answer.body}")

    def check(everything):
        held = ask(1, "GET", "/entities?type=Car&limit=100&options=keyValues", NGSILD_Snapshot="urn:ngsi-ld:Snapshot:all")
        expect_equal(sorted(one["id"] for one in held.json()), everything, "what the snapshot holds")

    return check


def check_delay(everything):
    """A slow wire is waited for; one that is slower than the registration allows is said."""
    shape = subprocess.run(["ip", "netns", "exec", space(5), "tc", "qdisc", "add", "dev", "wire", "root", "netem", "delay",
                            "300ms"], capture_output=True, text=True, timeout=60)
    if shape.returncode != 0:
        print("  (this kernel has no netem: a halted broker stands for a slow one)", flush=True)
        return
    ids, warnings, seconds = query(1)
    expect_equal((ids, warnings), (everything, []), "with 300 ms of delay")
    expect(seconds > 0.3, f"the delay was not felt: {seconds:.3f} s")
    subprocess.run(["ip", "netns", "exec", space(5), "tc", "qdisc", "del", "dev", "wire", "root"], check=True, timeout=60)


def check_partial(everything, what):
    ids, warnings, seconds = query(1)
    expect_equal(ids, everything[:-1], what)
    expect(len(warnings) == 1 and warnings[0].startswith("199 urn:ngsi-ld:ContextSourceRegistration:Car-1-5 "),
           f"{what}: warnings {warnings}")
    expect(seconds < 3, f"{what}: answered after {seconds:.1f} s")


def test_five_brokers_answer_as_one_over_delays_cuts_and_deaths():
    subscriber = Subscriber()
    with five_brokers() as brokers:
        for source in range(2, COUNT + 1):
            register(1, source)
        everything = check_all_at_once(brokers)
        check_links()
        check_snapshot = freeze()
        subscribe(1, subscriber.url, "urn:ngsi-ld:Subscription:all")
        for number in brokers:
            eventually(lambda n=number: "urn:ngsi-ld:Subscription" in ask(n, "GET", "/subscriptions").body,
                       f"the subscription at {number}")
            expect_equal(ask(number, "POST", "/entities?local=true", car(f"new-{number}", 1)).status, 201, "create")
            subscriber.wait_for(f"urn:ngsi-ld:Car:new-{number}")
            expect_equal(ask(number, "DELETE", f"/entities/urn:ngsi-ld:Car:new-{number}?local=true").status, 204, "delete")
        check_delay(everything)

        brokers[5].halt()
        check_partial(everything, "while a broker halts")
        brokers[5].process.send_signal(signal.SIGCONT)
        eventually(lambda: query(1)[:2] == (everything, []), "after it goes on")

        brokers[5].wire("down")
        check_partial(everything, "while a wire is cut")
        # What happens beyond the cut, and what is asked for meanwhile, is there when it heals.
        expect_equal(ask_there(5, "POST", "/entities?local=true", car("cut-off", 7)), 201, "create beyond the cut")
        subscribe(1, subscriber.url, "urn:ngsi-ld:Subscription:later")
        eventually(lambda: "NGSILD-Warning" in ask(1, "GET", "/subscriptions/urn:ngsi-ld:Subscription:later").headers,
                   "a subscription that is not everywhere says so")
        brokers[5].wire("up")
        subscriber.wait_for("urn:ngsi-ld:Car:cut-off")
        eventually(lambda: ask(5, "GET", "/subscriptions").body.count('"Subscription"') == 2, "the later subscription at 5")
        eventually(lambda: query(1)[:2] == (sorted([*everything, "urn:ngsi-ld:Car:cut-off"]), []), "after the wire heals")

        brokers[5].end(signal.SIGKILL)
        ids, warnings, _ = query(1)
        expect_equal((ids, len(warnings)), (everything[:-1], 1), "while a broker is dead")
        brokers[1].end(signal.SIGKILL)
        brokers[1].start()
        check_snapshot(everything)
        brokers[5].start()
        expect_equal(ask(5, "POST", "/entities?local=true", car("risen", 8)).status, 201, "create")
        subscriber.wait_for("urn:ngsi-ld:Car:risen")
        expect_equal(ask(1, "DELETE", "/subscriptions/urn:ngsi-ld:Subscription:all").status, 204, "unsubscribe")
        expect_equal(ask(1, "DELETE", "/subscriptions/urn:ngsi-ld:Subscription:later").status, 204, "unsubscribe")
        for number in range(2, COUNT + 1):
            eventually(lambda n=number: ask(n, "GET", "/subscriptions").body == "[]", f"no subscription at {number}")


def test_circles_of_brokers_tell_everything_once():
    subscriber = Subscriber()
    with five_brokers() as brokers:
        # A ring, and two that know each other.
        for number in brokers:
            register(number, number % COUNT + 1, "Bus")
        register(1, 2, "Tram")
        register(2, 1, "Tram")
        for type_ in ("Bus", "Tram"):
            for number in (1, 2):
                expect_equal(ask(number, "POST", "/entities?local=true", car(number, number, type_)).status, 201, "create")
        for type_ in ("Bus", "Tram"):
            both = [f"urn:ngsi-ld:{type_}:1", f"urn:ngsi-ld:{type_}:2"]
            for number in (1, 2):
                expect_equal(query(number, f"/entities?type={type_}&options=keyValues")[0], both, f"{type_} at {number}")
                expect_equal(query(number, f"/temporal/entities?type={type_}&timerel=before&timeAt=2026-12-01T00:00:00Z")[0],
                             both, f"the past of {type_} at {number}")
            subscribe(1, subscriber.url, f"urn:ngsi-ld:Subscription:{type_}", type_)
        for number in range(2, COUNT + 1):
            wanted = 2 if number == 2 else 1
            eventually(lambda n=number, w=wanted: ask(n, "GET", "/subscriptions").body.count('"Subscription"') == w,
                       f"{wanted} subscriptions at {number}")
        for number in brokers:
            expect_equal(ask(number, "POST", "/entities?local=true", car(f"new-{number}", 1, "Bus")).status, 201, "create")
            subscriber.wait_for(f"urn:ngsi-ld:Bus:new-{number}")
        expect_equal(ask(2, "POST", "/entities?local=true", car("new", 1, "Tram")).status, 201, "create")
        subscriber.wait_for("urn:ngsi-ld:Tram:new")
        expect_equal(len(subscriber.ids()), len(set(subscriber.ids())), f"each change once: {subscriber.ids()}")
        expect_equal(ask(1, "GET", "/subscriptions").body.count('"Subscription"'), 2, "subscriptions at the first")


if __name__ == "__main__":
    main()
