# The page about moving from another broker, with its commands as they stand there: a second Cityloom is the NGSI-LD broker,
# and answers written by hand after the public description of NGSIv2 are the other one.
import http.server
import json
import os
import re
import subprocess
import threading
import urllib.parse

import cityloom
from cityloom import Server, entity, expect, expect_equal

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```", re.S | re.M)
ALL = "/ngsi-ld/v1/entities?limit=1000&type="
PAST = "/ngsi-ld/v1/temporal/entities?timerel=after&timeAt=1970-01-01T00:00:00Z&options=temporalValues&limit=1000&type="


def commands(part, old, new):
    """The blocks of a part of the page, meant for these two servers."""
    with open(os.path.join(cityloom.ROOT, "docs", "beside-another-broker.md")) as f:
        text = next(one for one in f.read().split("\n## ") if one.startswith(part))
    blocks = [re.sub("^" + indent, "", block, flags=re.M) for indent, block in BLOCK.findall(text)]
    expect(blocks, f"no commands in {part}")
    for name in ("broker.example:1026", "orion.example:1026"):
        blocks = [block.replace(name, f"127.0.0.1:{old}") for block in blocks]
    return [block.replace("127.0.0.1:8080", f"127.0.0.1:{new}") for block in blocks]


def run(block, folder):
    text = 'set -euo pipefail\ncurl() { command curl -sS --fail-with-body "$@"; }\n' + block
    done = subprocess.run(["bash", "-c", text], capture_output=True, timeout=120, cwd=folder)
    expect_equal(done.returncode, 0, f"{block[:60]}: {done.stderr.decode()[-300:]} {done.stdout.decode()[-300:]}")
    return done.stdout.decode()


def by_id(server, path):
    answer = server.get(path)
    expect(answer.status in (200, 206), f"{path}: {answer.status}")
    return {one["id"]: one for one in answer.json()}


def fill(server):
    """More than a page of one type, one of the other, and a past."""
    many = [{"id": f"urn:ngsi-ld:AirQualityObserved:{n}", "type": "AirQualityObserved", "scope": ["/a/b"],
             "pm25": {"type": "Property", "value": n / 4, "unitCode": "GQ", "observedAt": "2026-11-01T00:00:00Z",
                      "by": {"type": "Relationship", "object": "urn:x:1"}}} for n in range(620)]
    for first in (0, 500):
        expect_equal(server.ask("POST", "/ngsi-ld/v1/entityOperations/create", many[first:first + 500]).status, 201, "create")
    lot = {"id": "urn:ngsi-ld:ParkingLot:1", "type": "ParkingLot", "name": {"type": "LanguageProperty", "languageMap": {"ko": "주차장", "en": "lot"}},
           "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [127.1, 37.5]}},
           "free": [{"type": "Property", "value": 3}, {"type": "Property", "value": 4, "datasetId": "urn:d:1"}]}
    expect_equal(server.ask("POST", "/ngsi-ld/v1/entities", lot).status, 201, "create")
    expect_equal(server.ask("POST", "/ngsi-ld/v1/entities", entity(1)).status, 201, "what is not asked for")
    lines = [{"id": f"urn:ngsi-ld:AirQualityObserved:{n}", "attribute": "pm25", "value": n + minute / 100, "unitCode": "GQ",
              "observedAt": f"2025-01-01T00:{minute:02}:00Z"} for n in range(130) for minute in range(10)]
    body = "\n".join(map(json.dumps, lines))
    told = server.ask("POST", "/api/observations", body, {"Content-Type": "application/x-ndjson"}).json()
    expect_equal(told["loaded"], 1300, "a past")


def values_of(past):
    """The values of each attribute with their times; of a scope the time is when it was recorded."""
    return {one["id"]: {name: sorted((time, value) for value, time in member["values"]) for name, member in one.items()
                        if name != "scope" and isinstance(member, dict) and "values" in member and member["values"] and isinstance(member["values"][0], list)}
            for one in past.values()}


def test_instead_of_an_ngsi_ld_broker():
    with cityloom.folder() as folder, Server(folder + "/old") as old, Server(folder + "/new") as new:
        fill(old)
        beside = commands("Beside an NGSI-LD broker", old.port, new.port)
        run(beside[0], folder)
        expect_equal(len(by_id(new, ALL + "AirQualityObserved")), 620, "answers of the other broker")
        expect_equal(len(by_id(new, ALL + "AirQualityObserved&local=true")), 0, "nothing is copied yet")
        for block in commands("Instead of an NGSI-LD broker", old.port, new.port):
            run(block, folder)
        for kind in ("AirQualityObserved", "ParkingLot"):
            expect_equal(by_id(new, ALL + kind + "&local=true"), by_id(old, ALL + kind), kind)
            copied, there = values_of(by_id(new, PAST + kind + "&local=true")), values_of(by_id(old, PAST + kind))
            differ = [one for one in there if copied.get(one) != there[one]]
            expect(len(copied) == len(there) and not differ, f"the past of {kind}: {[(copied.get(one), there[one]) for one in differ[:1]]}")
        expect_equal(by_id(new, ALL + "Probe"), {}, "what was not asked for")


class Ngsi2(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = urllib.parse.urlparse(self.path)
        page = dict(urllib.parse.parse_qsl(asked.query))
        first = int(page.get("offset", 0))
        entities = self.server.entities[first:first + min(int(page.get("limit", 20)), self.server.page_max)]
        body = json.dumps(entities, ensure_ascii=False).encode() if asked.path == "/v2/entities" else b"[]"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_from_ngsi_v2():
    with open(os.path.join(HERE, "ngsi_v2", "entities.json")) as f:
        entities = json.load(f)
    with open(os.path.join(HERE, "ngsi_v2", "expected.json")) as f:
        expected = json.load(f)
    # More than a page.
    more = [{"id": f"Sensor{n}", "type": "Sensor", "level": {"type": "Number", "value": n, "metadata": {}}} for n in range(1100)]
    broker = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ngsi2)
    broker.entities, broker.page_max = entities + more, 1000
    threading.Thread(target=broker.serve_forever, daemon=True).start()
    try:
        with cityloom.folder() as folder, Server(folder + "/data") as server:
            for block in commands("From Orion and NGSIv2", broker.server_port, server.port):
                run(block, folder)
            for one in expected:
                answer = server.get("/ngsi-ld/v1/entities/" + urllib.parse.quote(one["id"], safe=""))
                expect_equal(answer.status, 200, one["id"])
                expect_equal(answer.json(), one, one["id"])
            count = server.get("/ngsi-ld/v1/entities?type=Sensor&count=true&limit=0").headers["NGSILD-Results-Count"]
            expect_equal(count, "1100", "sensors")
    finally:
        broker.shutdown()
        broker.server_close()


cityloom.run_tests(globals())
