# What was recorded comes back: from a backup made under load, after a restore, after folding again.
import json
import os
import threading

import cityloom
from cityloom import Server, command, entity, expect, expect_equal, wait_until

ENTITIES = "/ngsi-ld/v1/entities"


def write_some(server, first, count):
    client = server.client()
    for number in range(first, first + count):
        expect_equal(client.ask("POST", ENTITIES, entity(number)).status, 201, "create")
        body = {"reading": {"type": "Property", "value": number * 1.5, "observedAt": "2026-11-22T08:00:00Z"}}
        status = client.ask("PATCH", f"{ENTITIES}/urn:ngsi-ld:Probe:{number}/attrs", body).status
        expect_equal(status, 204, "patch")


def everything(server):
    """All entities as one text, in a stable order."""
    entities, offset = [], 0
    while True:
        page = server.get(f"{ENTITIES}?type=Probe&limit=1000&offset={offset}&options=sysAttrs").json()
        entities += page
        offset += len(page)
        if len(page) < 1000:
            return json.dumps(sorted(entities, key=lambda e: e["id"]), sort_keys=True)


def run_well(*words):
    code, out, error = command(*words)
    expect_equal(code, 0, f"code of {words[0]} ({out} {error})")
    return out + error


def test_backup_restore_refold_of_a_stopped_folder():
    with cityloom.folder() as folder:
        data, copy, again = folder + "/data", folder + "/copy", folder + "/again"
        with Server(data) as server:
            write_some(server, 0, 200)
            before = everything(server)
            expect_equal(server.stop(), 0, "code")
        run_well("backup", "--data", data, copy)
        code, _, error = command("backup", "--data", data, copy)
        expect_equal(code, 3, "a second backup into the same folder")
        expect("not empty" in error, error)
        run_well("restore", "--data", again, copy)
        code, _, error = command("restore", "--data", again, copy)
        expect_equal(code, 3, "restore over a data folder")
        expect("byte for byte" in run_well("refold", "--data", again), "refold differs")
        expect("nothing wrong" in run_well("doctor", "--data", again), "doctor")
        for path in (again, data):
            with Server(path) as server:
                expect(everything(server) == before, f"{path} differs")


def test_backup_of_a_running_server():
    with cityloom.folder() as folder:
        data, copy, again = folder + "/data", folder + "/copy", folder + "/again"
        with Server(data) as server:
            write_some(server, 0, 50)
            stop, written = threading.Event(), []

            def write_on():
                client, number = server.client(), 1000
                while not stop.is_set():
                    if client.ask("POST", ENTITIES, entity(number)).status == 201:
                        written.append(number)
                    number += 1

            writer = threading.Thread(target=write_on)
            writer.start()
            wait_until("writes go on", lambda: len(written) > 20)
            before = len(written)
            run_well("backup", "--data", data, copy)
            after = len(written)
            wait_until("writes still go on", lambda: len(written) > after + 20)
            stop.set()
            writer.join()
        run_well("restore", "--data", again, copy)
        expect("byte for byte" in run_well("refold", "--data", again), "refold differs")
        with Server(again) as server:
            found = {e["id"] for e in json.loads(everything(server))}
            for number in list(range(50)) + written[:before]:
                expect(f"urn:ngsi-ld:Probe:{number}" in found, f"entity {number} is not in the backup")


def test_doctor_finds_a_damaged_record():
    with cityloom.folder() as folder:
        data = folder + "/data"
        with Server(data) as server:
            write_some(server, 0, 100)
            expect_equal(server.stop(), 0, "code")
        damaged = 0
        for path, _folders, names in os.walk(data + "/tenants"):
            for name in names:
                if name.endswith((".sst", ".log")) and os.path.getsize(os.path.join(path, name)) > 4096:
                    with open(os.path.join(path, name), "r+b") as f:
                        f.seek(2000)
                        f.write(os.urandom(500))
                    damaged += 1
        expect(damaged, "found nothing to damage")
        code, out, _ = command("doctor", "--data", data)
        expect_equal(code, 1, f"code ({out})")
        expect("wrong " in out, out)


def test_a_half_backup_is_no_backup():
    with cityloom.folder() as folder:
        os.makedirs(folder + "/half/tenants/main")
        code, _, error = command("restore", "--data", folder + "/data", folder + "/half")
        expect_equal(code, 5, "code")
        expect("no backup" in error, error)


cityloom.run_tests(globals())
