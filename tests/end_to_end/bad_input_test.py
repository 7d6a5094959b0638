# Bad input: a clear error, in bounded time and memory, and nothing lost.
import json
import math
import os
import re
import subprocess
import time

import cityloom
from cityloom import Server, command, entity, expect, expect_equal, needs_shared

SECONDS_MAX = 20
MEMORY_MB_MAX = 1024
ENTITIES = "/ngsi-ld/v1/entities"


def refused(server, body, *statuses, content_type="application/json", path=ENTITIES, method="POST"):
    """The server refuses in words, soon, without growing much, and goes on."""
    started = time.monotonic()
    try:
        answer = server.ask(method, path, body, {"Content-Type": content_type}, timeout=60)
    except (BrokenPipeError, ConnectionResetError):
        # A body far past the limit may be cut off before the client has sent it.
        expect(413 in statuses, "the connection was cut")
        answer = None
    expect(time.monotonic() - started < SECONDS_MAX, "took too long")
    if answer is not None:
        expect(answer.status in statuses, f"status {answer.status}: {answer.body[:300]}")
        if answer.status == 415 and path.startswith("/ngsi-ld/"):  # clause 6.3.4 has no body here
            expect(answer.headers.get("Accept") and not answer.body, "says nothing of what it takes")
        else:
            problem = answer.json()
            expect(problem.get("title") and (problem.get("detail") or problem.get("type")), f"says nothing: {problem}")
        expect(len(answer.body) < 10_000, f"an error of {len(answer.body)} bytes")
    expect_equal(server.get("/health").status, 200, "health afterwards")
    expect(server.memory_mb("VmHWM") < MEMORY_MB_MAX, f"{server.memory_mb('VmHWM'):.0f} MB")


def with_server(check):
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        expect_equal(server.ask("POST", ENTITIES, entity(1)).status, 201, "create")
        check(server)
        expect_equal(server.ask("GET", f"{ENTITIES}/urn:ngsi-ld:Probe:1").status, 200, "what was there before")
        expect_equal(server.stop(), 0, "code at the end")


def polygon_of_vertices(count):
    """A GeoJSON polygon of so many vertices, as text."""
    ring = ",".join(f"[{127 + math.cos(a) / 100:.7f},{37 + math.sin(a) / 100:.7f}]"
                    for a in (2 * math.pi * n / 1000 for n in range(1000)))
    return '{"type":"Polygon","coordinates":[[' + ",".join([ring] * (count // 1000)) + "," + ring.split("],")[0] + "]]]}"


def test_json_100000_deep():
    deep = 100_000

    def check(server):
        refused(server, '{"id":"urn:x:y","type":"T","a":' * 1 + '{"type":"Property","value":' + "[" * deep + "]" * deep +
                "}}", 400, 403, 413)
        refused(server, '{"a":' * deep + "1" + "}" * deep, 400, 403, 413)
        refused(server, "[" * deep, 400, 403, 413, path="/ngsi-ld/v1/entityOperations/create")

    with_server(check)


def test_invalid_utf8():
    body = json.dumps(entity(2)).encode().replace(b"Probe:2", b"Probe:\xff\xfe2")
    with_server(lambda server: refused(server, body, 400))


def test_not_a_number():
    def check(server):
        for text in ("NaN", "Infinity", "-Infinity", "1e999", "0x10", "01", "1."):
            body = '{"id":"urn:ngsi-ld:Probe:3","type":"Probe","reading":{"type":"Property","value":%s}}' % text
            refused(server, body, 400)

    with_server(check)


# What JSON leaves open, or what no number or text can hold (docs/ngsi-ld.md, clause 5.5.4).
ODD_JSON = [('{"a": 1, "a": 2}', "two members of one name"), ('{"a": "\\ud800"}', "surrogate pair"), ('{"a": 1e400}', "too large or not finite"),
            ('{"a": ' + "[" * 70 + "]" * 70 + "}", "64 levels deep"), ("\ufeff{}", "byte order mark"), ('{"a": 123456789012345678901}', "too large or not finite"),
            ('{"a": 01}', "malformed"), ('{"a": 1} x', ""), ("{'a': 1}", "")]


def test_odd_json_is_refused_at_every_door_of_the_description():
    def check(server):
        doors = [(method.upper(), path, kind) for path, operations in server.get("/openapi.json").json()["paths"].items()
                 for method, operation in operations.items()
                 if path != "/api/links/{name}/push"
                 for kind in operation.get("requestBody", {}).get("content", {}) if kind in ("application/json", "application/ld+json", "application/merge-patch+json")]
        expect(len(doors) > 40, f"only {len(doors)} doors take JSON")
        wrong = []
        client = server.client()
        for method, path, kind in doors:
            place = re.sub(r"\{\w+\}", "urn:a:b", path.replace("{name}", "a-b"))
            for body, says in ODD_JSON:
                answer = client.ask(method, place, body, {"Content-Type": kind})
                if answer.status != 400 or says not in answer.body.decode():
                    wrong.append(f"{method} {path} {kind}: {body[:20]}: {answer.status} {answer.body[:150]}")
        expect(not wrong, f"{len(wrong)} answers: " + "\n".join(wrong[:40]))

    with_server(check)


# Devices write JSON less well: what a link can read it reads, and of two members of one name the first counts.
LINK = """
links:
  - name: air
    kind: push
    mapping:
      entity: {id: "urn:ngsi-ld:Air:{id}", type: Air}
      attributes:
        level: {from: a}
"""


def test_odd_json_at_a_link():
    with cityloom.folder() as folder:
        path = write(folder + "/c.yaml", LINK.encode())
        os.makedirs(folder + "/packs")
        with Server(folder + "/data", "--config", path, "--packs", folder + "/packs") as server:
            def push(body):
                return server.ask("POST", "/api/links/air/push", body).status

            expect_equal(push('{"id": "1", "a": 1, "a": 2}'), 202, "two members of one name")
            level = server.get("/ngsi-ld/v1/entities/urn:ngsi-ld:Air:1").json()["level"]
            expect_equal(level["value"], 1, "the first counts")
            for value in ('"\\ud800"', "1e400", "[" * 70 + "]" * 70, "01", "123456789012345678901"):
                status = push('{"id": "2", "a": %s}' % value)
                expect(status == 400, f"{value[:20]}: {status}")
            expect_equal(server.get("/ngsi-ld/v1/entities/urn:ngsi-ld:Air:2").status, 404, "nothing is taken")


def test_truncated_and_broken_json():
    whole = json.dumps(entity(4))

    def check(server):
        for cut in (0, 1, len(whole) // 2, len(whole) - 1):
            refused(server, whole[:cut], 400)
        refused(server, whole + whole, 400)
        refused(server, "\x00" * 100, 400)

    with_server(check)


def test_wrong_types():
    wrong = [
        [], 1, "text", None,
        {"id": 5, "type": "Probe"}, {"id": "no uri", "type": "Probe"}, {"id": "urn:a:b"}, {"type": "Probe"},
        {"id": "urn:a:b", "type": 7}, {"id": "urn:a:b", "type": []},
        {"id": "urn:a:b", "type": "Probe", "reading": {"type": "Nonsense", "value": 1}},
        {"id": "urn:a:b", "type": "Probe", "reading": {"type": "Property"}},
        {"id": "urn:a:b", "type": "Probe", "near": {"type": "Relationship", "object": 12}},
        {"id": "urn:a:b", "type": "Probe", "reading": {"type": "Property", "value": 1, "observedAt": "yesterday"}},
        {"id": "urn:a:b", "type": "Probe", "location": {"type": "GeoProperty", "value": {"type": "Point",
                                                                                       "coordinates": ["a", "b"]}}},
        {"id": "urn:a:b", "type": "Probe", "location": {"type": "GeoProperty", "value": {"type": "Point",
                                                                                       "coordinates": [200, 95]}}},
        {"id": "urn:a:b", "type": "Probe", "location": {"type": "GeoProperty", "value": {"type": "Polygon",
                                                                                       "coordinates": [[0, 0]]}}},
    ]

    def check(server):
        for body in wrong:
            refused(server, json.dumps(body), 400)
        refused(server, json.dumps(entity(5)), 415, content_type="text/csv")

    with_server(check)


def test_polygon_of_5_million_vertices():
    body = ('{"id":"urn:ngsi-ld:Probe:6","type":"Probe","location":{"type":"GeoProperty","value":'
            + polygon_of_vertices(5_000_000) + '}}')
    with_server(lambda server: refused(server, body, 400, 403, 413))


def test_polygon_of_5_million_vertices_in_a_file():
    feature = '{{"type":"Feature","id":"{0}","properties":{{"type":"Area"}},"geometry":{1}}}'
    features = [feature.format("large", polygon_of_vertices(5_000_000)),
                feature.format("small", '{"type":"Point","coordinates":[127,37]}')]
    with cityloom.folder() as folder:
        path = write(folder + "/a.geojson", ('{"type":"FeatureCollection","features":[' + ",".join(features) + "]}").encode())
        started = time.monotonic()
        with subprocess.Popen([cityloom.BINARY, "import", "--data", folder + "/data", path], stderr=subprocess.PIPE) as process:
            error = process.stderr.read().decode()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        expect_equal(process.returncode, 0, error)
        expect("a.geojson" in error and "64 MiB" in error and "1 imported" in error and "1 warning" in error, error)
        expect(time.monotonic() - started < SECONDS_MAX, "took too long")
        expect(used.ru_maxrss < 1024 * 1024, f"{used.ru_maxrss} kB")


def test_urls_without_sense():
    def check(server):
        for path in ("/ngsi-ld/v1/entities?type=%ff", "/ngsi-ld/v1/entities?q=((((", "/ngsi-ld/v1/entities?limit=-1",
                     "/ngsi-ld/v1/entities?type=A&georel=near&geometry=Point&coordinates=[",
                     "/ngsi-ld/v1/entities?q=" + "(" * 4000, "/api/route?from=x&to=y", "/api/search?limit=99999999999"):
            answer = server.get(path)
            expect(answer.status in (400, 403, 404, 414), f"{path[:60]}: {answer.status}")
        expect(server.get("/none/at/all").status == 404, "an unknown door")
        expect(server.get("/ngsi-ld/v1/entities?type=" + "A" * 100_000).status in (400, 414, 431), "a long target")

    with_server(check)


def import_fails(path, data, *said):
    started = time.monotonic()
    code, _, error = command("import", "--data", data, path)
    expect_equal(code, 5, f"code for {os.path.basename(path)} ({error})")
    expect(time.monotonic() - started < SECONDS_MAX, "took too long")
    expect(os.path.basename(path) in error, error)
    for text in said:
        expect(text in error, f"{text!r} is not in {error!r}")


def write(path, content):
    with open(path, "wb") as f:
        f.write(content)
    return path


def test_broken_files_to_import():
    with cityloom.folder() as folder:
        data = folder + "/data"
        for name, content in (("empty.osm", b""), ("text.osm", b"hello"), ("noise.osm.pbf", os.urandom(10_000)),
                              ("short.osm", b"<osm version='0.6'><node id='1' lat='37' lon='127'/>"),
                              ("deep.osm", b"<osm>" + b"<a>" * 100_000), ("page.osm", b"<html><body/></html>"),
                              ("bomb.osm", b'<!DOCTYPE a [<!ENTITY b "' + b"c" * 100 + b'">' +
                               b"".join(b'<!ENTITY b%d "%s">' % (n, b"&b%s;" % (str(n - 1).encode() if n else b"") * 10)
                                        for n in range(9)) + b"]><osm version='0.6'>&b8;</osm>"),
                              ("zip.osm.gz", b"\x1f\x8b\x08" + b"\x00" * 50)):
            import_fails(write(f"{folder}/{name}", content), data)


def test_truncated_real_files():
    for source, size in (("seoul-jamsil/seoul-jamsil.osm", 700_000), ("monaco/monaco.osm.pbf", 200_000)):
        source = needs_shared(os.path.join(cityloom.SHARED, source))
        with cityloom.folder() as folder:
            with open(source, "rb") as f:
                path = write(f"{folder}/cut-{os.path.basename(source)}", f.read(size))
            import_fails(path, folder + "/data")
            with Server(folder + "/data") as server:
                left = server.get(ENTITIES + "?type=Building&limit=0&count=true")
                expect_equal(left.headers.get("NGSILD-Results-Count"), "0", "buildings of a damaged file")


cityloom.run_tests(globals())
