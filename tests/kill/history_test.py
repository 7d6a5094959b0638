# A history of many clients over kills and restarts, against a model. Every client states an attribute of its own of
# entities that all share, counting up, and deletes and states it again; the server is killed at random moments. Then each
# acknowledged write is there, none is undone by another client's, and the recorded past has each client's writes in the
# order in which they were acknowledged, each once. Environment: CITYLOOM_LIVES (default 12), CITYLOOM_SEED.
import os
import random
import threading
import time

import cityloom
from cityloom import Server, expect, expect_equal

ENTITIES = "/ngsi-ld/v1/entities"
TEMPORAL = "/ngsi-ld/v1/temporal/entities"
LIVES = int(os.environ.get("CITYLOOM_LIVES") or 12)
SEED = int(os.environ.get("CITYLOOM_SEED") or time.time())
CLIENTS, SHARED = 8, 5


def entity_id(number):
    return f"urn:ngsi-ld:Shared:{number}"


class Writer(threading.Thread):
    """One client in one life. `model`: of each shared entity the writes that were acknowledged, in their order, with
    None for a deletion; `unsure`: (entity, what) that was under way when the server went."""

    def __init__(self, server, number, next_value, seed):
        super().__init__(daemon=True)
        self.server, self.number, self.value = server, number, next_value
        self.chance = random.Random(seed)
        self.model, self.unsure = {i: [] for i in range(SHARED)}, None
        self.present = set()

    def run(self):
        client, name = self.server.client(10), f"of{self.number}"
        try:
            while True:
                entity = self.chance.randrange(SHARED)
                path = f"{ENTITIES}/{entity_id(entity)}/attrs"
                deletes = entity in self.present and self.chance.random() < 0.1
                self.value += 0 if deletes else 1
                what = None if deletes else self.value
                self.unsure = (entity, what)
                if deletes:
                    status = client.ask("DELETE", f"{path}/{name}").status
                    self.present.discard(entity)
                else:
                    status = client.ask("POST", path, {name: {"type": "Property", "value": self.value}}).status
                    self.present.add(entity)
                expect_equal(status, 204, "write")
                self.model[entity].append(what)
                self.unsure = None
        except (OSError, cityloom.http.client.HTTPException):
            pass


def is_history(seen, acknowledged, perhaps):
    """Whether the values seen are those acknowledged, in order, each once, with those that may be there besides."""
    position = 0
    for value in seen:
        if position < len(acknowledged) and value == acknowledged[position]:
            position += 1
        elif value not in perhaps:
            return False
    return position == len(acknowledged)


def check(server, models, unsure):
    client = server.client()
    for entity in range(SHARED):
        present = client.ask("GET", f"{ENTITIES}/{entity_id(entity)}?options=keyValues").json()
        past = client.ask("GET", f"{TEMPORAL}/{entity_id(entity)}?options=temporalValues&timeproperty=createdAt"
                                 "&timerel=after&timeAt=2020-01-01T00:00:00Z").json()
        for number in range(CLIENTS):
            name, writes = f"of{number}", models[number][entity]
            perhaps = {what for where, what in unsure[number] if where == entity}
            is_ = present.get(name)
            expect(is_ == (writes[-1] if writes else None) or is_ in perhaps,
                   f"{name} of {entity}: {is_}, acknowledged was {writes[-3:]}, perhaps {perhaps}")
            stated = [what for what in writes if what is not None]
            seen = [value for value, *_ in past.get(name, {}).get("values", [])]
            seen = [value for value in seen if value != "urn:ngsi-ld:null"]
            expect(len(seen) == len(set(seen)), f"{name} of {entity}: a write is there twice")
            expect(is_history(seen, stated, perhaps),
                   f"{name} of {entity}: {len(seen)} in the past, {len(stated)} acknowledged; ends {seen[-5:]}, {stated[-5:]}")


def test_the_history_of_many_clients_over_kills():
    chance = random.Random(SEED)
    print(f"seed {SEED}, {LIVES} lives, {CLIENTS} clients")
    models = [{i: [] for i in range(SHARED)} for _ in range(CLIENTS)]
    unsure, values, writes = [set() for _ in range(CLIENTS)], [0] * CLIENTS, 0
    with cityloom.folder() as folder:
        data = folder + "/data"
        with Server(data) as server:
            for i in range(SHARED):
                answer = server.client().ask("POST", ENTITIES, {"id": entity_id(i), "type": "Shared"})
                expect_equal(answer.status, 201, "create")
            server.kill()
        for _ in range(LIVES):
            with Server(data) as server:
                check(server, models, unsure)
                writers = [Writer(server, i, values[i], chance.random()) for i in range(CLIENTS)]
                for writer in writers:
                    writer.start()
                time.sleep(chance.uniform(0.02, 0.25))
                server.kill()
                for writer in writers:
                    writer.join(20)
            for i, writer in enumerate(writers):
                values[i] = writer.value
                writes += sum(len(done) for done in writer.model.values())
                for entity in range(SHARED):
                    models[i][entity] += writer.model[entity]
                if writer.unsure:
                    unsure[i].add(writer.unsure)
        with Server(data) as server:
            check(server, models, unsure)
            expect_equal(server.stop(), 0, "code at the end")
    expect(writes > LIVES * CLIENTS, f"only {writes} writes: that proves little")
    print(f"{writes} acknowledged writes, all there, in order, once")


cityloom.run_tests(globals())
