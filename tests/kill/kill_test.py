# kill -9 at random moments during writes: every acknowledged write is there after the next start, and the views
# folded again are equal. Environment: CITYLOOM_KILLS (default 100), CITYLOOM_SEED.
import os
import random
import threading
import time

import cityloom
from cityloom import Server, command, entity, expect, expect_equal

ENTITIES = "/ngsi-ld/v1/entities"
KILLS = int(os.environ.get("CITYLOOM_KILLS") or 100)
SEED = int(os.environ.get("CITYLOOM_SEED") or time.time())
WRITERS = 4


class Writer(threading.Thread):
    """Creates and patches until the server is gone; remembers what was acknowledged and what may be there besides."""

    def __init__(self, server, number, run):
        super().__init__(daemon=True)
        self.server, self.number, self.run_number = server, number, run
        self.acknowledged = {}  # id -> last acknowledged value
        self.attempted = {}  # id -> value that was on its way when the server went

    def run(self):
        client, count = self.server.client(10), 0
        try:
            while True:
                name = f"{self.run_number}-{self.number}-{count}"
                entity_id = f"urn:ngsi-ld:Probe:{name}"
                self.attempted = {entity_id: 0}
                expect_equal(client.ask("POST", ENTITIES, entity(name, 0)).status, 201, "create")
                self.acknowledged[entity_id] = 0
                for value in range(1, 4):
                    self.attempted = {entity_id: value}
                    body = {"reading": {"type": "Property", "value": value}}
                    expect_equal(client.ask("PATCH", f"{ENTITIES}/{entity_id}/attrs", body).status, 204, "patch")
                    self.acknowledged[entity_id] = value
                count += 1
        except (OSError, cityloom.http.client.HTTPException):
            pass


def check_all(server, acknowledged, attempted):
    """Each acknowledged value is there, or the one that was on its way after it."""
    client = server.client()
    for entity_id, value in acknowledged.items():
        answer = client.ask("GET", f"{ENTITIES}/{entity_id}?options=keyValues")
        expect_equal(answer.status, 200, f"acknowledged {entity_id}")
        is_ = answer.json()["reading"]
        expect(is_ == value or is_ == attempted.get(entity_id), f"{entity_id}: {is_}, acknowledged was {value}")


def one_life(data, run, chance, wait_s):
    with Server(data) as server:
        writers = [Writer(server, number, run) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(wait_s)
        server.kill()
        for writer in writers:
            writer.join(20)
    acknowledged, attempted = {}, {}
    for writer in writers:
        acknowledged.update(writer.acknowledged)
        attempted.update(writer.attempted)
    return acknowledged, attempted


def refold(data):
    code, _, error = command("refold", "--data", data)
    expect_equal(code, 0, f"refold: {error}")
    expect("byte for byte" in error, error)


def test_nothing_acknowledged_is_lost():
    chance = random.Random(SEED)
    print(f"seed {SEED}, {KILLS} kills")
    everything, on_the_way, writes = {}, {}, 0
    with cityloom.folder() as folder:
        data = folder + "/data"
        last, last_attempted = {}, {}
        for run in range(KILLS):
            acknowledged, attempted = one_life(data, run, chance, chance.uniform(0.02, 0.35))
            everything.update(acknowledged)
            on_the_way.update(attempted)
            writes += sum(value + 1 for value in acknowledged.values())
            # What the life before acknowledged is looked at in the next one; here at its end, after a start of its own.
            if run % 10 == 9 or run == KILLS - 1:
                with Server(data) as server:
                    check_all(server, everything if run == KILLS - 1 else acknowledged, on_the_way)
                    server.kill()
            if run % 10 == 9 or run == KILLS - 1:
                refold(data)
            last, last_attempted = acknowledged, attempted
        expect(last or last_attempted or everything, "nothing was written")
        expect(writes > KILLS * 10, f"only {writes} writes in {KILLS} lives: that proves little")
        with Server(data) as server:
            check_all(server, everything, on_the_way)
            expect_equal(server.stop(), 0, "code at the end")
    print(f"{writes} acknowledged writes over {KILLS} kills, all there")


def test_killed_while_folding_again():
    chance = random.Random(SEED + 1)
    with cityloom.folder() as folder:
        data = folder + "/data"
        everything, on_the_way = one_life(data, 0, chance, 1.0)
        for _ in range(5):
            process = cityloom.subprocess.Popen([cityloom.BINARY, "refold", "--data", data],
                                                stdout=cityloom.subprocess.DEVNULL, stderr=cityloom.subprocess.DEVNULL)
            time.sleep(chance.uniform(0.0, 0.15))
            process.kill()
            process.wait()
        with Server(data) as server:
            check_all(server, everything, on_the_way)
            expect_equal(server.stop(), 0, "code")
        refold(data)


def test_killed_while_importing():
    chance = random.Random(SEED + 2)
    osm = os.path.join(cityloom.needs_shared(cityloom.JAMSIL), "seoul-jamsil.osm")
    with cityloom.folder() as folder:
        data = folder + "/data"
        for _ in range(5):
            process = cityloom.subprocess.Popen([cityloom.BINARY, "import", "--data", data, osm],
                                                stdout=cityloom.subprocess.DEVNULL, stderr=cityloom.subprocess.DEVNULL)
            time.sleep(chance.uniform(0.05, 1.0))
            process.kill()
            process.wait()
        code, _, error = command("import", "--data", data, osm)
        expect_equal(code, 0, error)
        with Server(data) as server:
            answer = server.get(ENTITIES + "?type=Building&limit=0&count=true")
            expect(int(answer.headers["NGSILD-Results-Count"]) > 1250, "buildings")
            server.stop()
        refold(data)


cityloom.run_tests(globals())
