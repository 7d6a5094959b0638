# A real district: imported, unchanged at the second start, answered by every door that shows it.
import json
import os
import shutil
import threading
import time

import cityloom
from cityloom import JAMSIL, Server, command, expect, expect_equal, needs_shared, wait_until

ENTITIES = "/ngsi-ld/v1/entities"


def count(server, type_name):
    answer = server.get(f"{ENTITIES}?type={type_name}&limit=0&count=true")
    expect_equal(answer.status, 200, f"count of {type_name}: {answer.body[:200]}")
    return int(answer.headers["NGSILD-Results-Count"])


def test_jamsil_within_seconds_and_sooner_at_the_second_start():
    needs_shared(JAMSIL)
    with cityloom.folder() as folder:
        started = time.monotonic()
        with Server(folder + "/data", "--city", JAMSIL) as server:
            wait_until("the tileset", lambda: server.get("/tiles/buildings/tileset.json").status == 200)
            took = time.monotonic() - started
            expect(took < 20, f"took {took:.1f} s")
            expect(server.memory_mb("VmHWM") < 1024, f"{server.memory_mb('VmHWM'):.0f} MB")
            buildings = count(server, "Building")
            expect(1250 < buildings < 1500, f"{buildings} buildings")
            expect(count(server, "RoadSegment") > 400, "roads")
            offset = server.get("/health").json()["offset"]
            expect_equal(server.stop(), 0, "code")
        started = time.monotonic()
        with Server(folder + "/data", "--city", JAMSIL) as server:
            took = time.monotonic() - started
            expect(took < 4, f"the second start took {took:.1f} s")
            expect_equal(count(server, "Building"), buildings, "buildings at the second start")
            health = server.get("/health").json()
            expect(health["offset"] - offset < 1000, f"offset {offset} became {health['offset']}")


def test_imported_again_nothing_changes():
    osm = needs_shared(os.path.join(JAMSIL, "seoul-jamsil.osm"))
    with cityloom.folder() as folder:
        code, _, error = command("import", "--data", folder + "/data", osm)
        expect_equal(code, 0, error)
        code, _, error = command("import", "--data", folder + "/data", osm)
        expect_equal(code, 0, error)
        expect(" 0 imported" in error and " 0 removed" in error, error)


def test_only_what_changed_is_written():
    osm = needs_shared(os.path.join(JAMSIL, "seoul-jamsil.osm"))
    with cityloom.folder() as folder:
        city = folder + "/city"
        os.mkdir(city)
        shutil.copy(osm, city + "/a.osm")
        with Server(folder + "/data", "--city", city) as server:
            search = server.get("/api/search?q=" + cityloom.quoted("잠실") + "&limit=50")
            expect_equal(search.status, 200, "search")
            found = [r for r in search.json()["results"] if r["type"] == "Building"]
            expect(found, "no building with a name of Jamsil")
            building = server.get(f"{ENTITIES}/{found[0]['id']}?options=keyValues").json()
            expect("height" in building and "location" in building, str(building)[:300])
            head = server.get("/health").json()["offset"]
            expect_equal(server.stop(), 0, "code")
        with open(city + "/a.osm", encoding="utf-8") as f:
            text = f.read()
        changed = text.replace("</osm>", '<node id="990001" lat="37.51" lon="127.1" version="1"><tag k="highway" '
                               'v="traffic_signals"/></node></osm>')
        with open(city + "/a.osm", "w", encoding="utf-8") as f:
            f.write(changed)
        with Server(folder + "/data", "--city", city) as server:
            server.expect_error_line(" 1 imported")
            entity_id = "urn:ngsi-ld:TrafficSignal:osm-node-990001"
            expect_equal(server.get(f"{ENTITIES}/{entity_id}").status, 200, "the new signal")
            expect_equal(server.get(f"{ENTITIES}/{entity_id}?asOf={head}").status, 404, "the signal as of before")


def test_import_into_a_running_server():
    osm = needs_shared(os.path.join(JAMSIL, "seoul-jamsil.osm"))
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        code, _, error = command("import", "--to", server.url(), osm)
        expect_equal(code, 0, error)
        expect(count(server, "Building") > 1250, "buildings")
        expect(" imported, 0 unchanged, 0 removed, 0 warnings in " in error, error)
        expect_equal(server.get("/api/imports").json(), {"imports": []}, "imports under way at the end")
        bad = folder + "/bad.osm"
        with open(bad, "w") as f:
            f.write("<osm>")
        code, _, error = command("import", "--to", server.url(), bad)
        expect_equal(code, 5, error)


def test_an_import_over_http_is_watched_and_ended():
    points = 100_000
    features = ",".join(
        f'{{"type":"Feature","id":{i},"properties":{{"name":"n{i}"}},'
        f'"geometry":{{"type":"Point","coordinates":[{127 + i * 1e-6:.6f},37.5]}}}}' for i in range(points))
    body = f'{{"type":"FeatureCollection","features":[{features}]}}'.encode()
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        def import_it(kept):
            kept.append(server.ask("POST", "/api/import?name=points.geojson&id=mine", body))

        kept = []
        importing = threading.Thread(target=import_it, args=(kept,))
        importing.start()
        client = server.client()
        while not (under_way := client.ask("GET", "/api/imports").json()["imports"]):
            expect(importing.is_alive(), f"ended unseen: {kept}")
        expect_equal((under_way[0]["id"], under_way[0]["name"]), ("mine", "points.geojson"), "what is under way")
        expect_equal(client.ask("DELETE", "/api/imports/mine").status, 204, "ended")
        importing.join()
        expect_equal(kept[0].status, 503, str(kept[0].body[:300]))
        expect("The import was stopped" in kept[0].json()["detail"], str(kept[0].body))
        expect(count(server, "GeographicFeature") < points, "not all were imported")
        expect_equal(server.get("/api/imports").json(), {"imports": []}, "imports under way at the end")
        client.close()


def test_a_city_that_is_not_there():
    with cityloom.folder() as folder:
        code, _, error = command("serve", "--data", folder + "/data", "--port", "0", "--city", folder + "/none")
        expect_equal(code, 5, f"code ({error})")
        expect("--city" in error, error)


def test_options_hold_for_a_folder_and_what_was_not_taken_is_told():
    with cityloom.folder() as folder:
        city, data = folder + "/city", folder + "/data"
        os.makedirs(city)
        with open(city + "/benches.csv", "w") as f:
            f.write("id,X,Y\n1,200000,550000\n2,,550000\n3,,550000\n4,200010,550000\n")
        for name in ("plan.dwg", "notes.docx"):
            with open(f"{city}/{name}", "w") as f:
                f.write("none")
        code, _, error = command("import", "--data", data, "--crs", "EPSG:5186", "--columns", "lon=X,lat=Y", city)
        expect_equal(code, 0, error)
        expect("2 imported" in error and "and 1 more like it" in error, error)
        expect("plan.dwg" in error and "notes.docx" in error, error)
        code, _, error = command("import", "--data", data, "--crs", "EPSG:5186", "--columns", "lon=X,lat=Y", city)
        expect(code == 0 and "2 imported" not in error, f"read again: {error}")
        code, _, error = command("import", "--data", data, "--crs", "EPSG:5187", "--columns", "lon=X,lat=Y", city)
        expect("2 imported" in error, f"other options, and not read again: {error}")


def test_an_import_that_takes_nothing_is_a_failure():
    with cityloom.folder() as folder:
        bad, empty = folder + "/benches.csv", folder + "/none.geojson"
        with open(bad, "w") as f:
            f.write("id,X,Y\n1,,550000\n2,,550000\n")
        with open(empty, "w") as f:
            f.write('{"type":"FeatureCollection","features":[]}')
        options = ["--crs", "EPSG:5186", "--columns", "lon=X,lat=Y"]
        code, _, error = command("import", "--data", folder + "/data", *options, bad)
        expect(code == 5 and "nothing of it could be taken" in error, f"{code}: {error}")
        code, _, error = command("import", "--data", folder + "/data", empty)
        expect_equal(code, 0, f"a file that is truly empty: {error}")
        with Server(folder + "/data") as server:
            code, _, error = command("import", "--to", server.url(), *options, bad)
            expect(code == 5 and "nothing of it could be taken" in error, f"{code}: {error}")


def test_doors_without_a_city():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        for path in ("/health", "/metrics", "/openapi.json", "/api/summary", "/api/links", "/tiles/buildings/tileset.json"):
            answer = wait_until(path, lambda: server.get(path) if server.get(path).status != 503 else None)
            expect_equal(answer.status, 200, path)
        description = json.loads(server.get("/openapi.json").body)
        expect_equal(description["openapi"][:3], "3.1", "openapi")
        expect("/ngsi-ld/v1/entities" in description["paths"], "entities are not described")
        expect_equal(server.get("/bench/fixed/100").status, 404, "/bench without --bench")


def test_bench_opens_the_ceiling():
    with cityloom.folder() as folder, Server(folder + "/data", "--bench") as server:
        answer = server.get("/bench/fixed/1000")
        expect_equal((answer.status, len(answer.body)), (200, 1000), "fixed body")


cityloom.run_tests(globals())
