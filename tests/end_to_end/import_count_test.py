# What an import leaves in the record against a count of the same file that shares no code with it.
import os
import re
import urllib.parse

import cityloom
import osm_count
from cityloom import SHARED, Server, expect, expect_equal, needs_shared

ENTITIES = "/ngsi-ld/v1/entities"


def ids_of(server, type_name):
    """way-1 of urn:ngsi-ld:Building:osm-way-1; of a RoadSegment the way it is a part of. Editors give negative numbers."""
    ids, page = set(), 1000
    for offset in range(0, 1_000_000, page):
        answer = server.get(f"{ENTITIES}?type={type_name}&limit={page}&offset={offset}&attrs=source&options=keyValues")
        expect_equal(answer.status, 200, answer.body[:200])
        entities = answer.json()
        ids |= {re.search(r":osm-(\w+--?\d+)", entity["id"]).group(1) for entity in entities}
        if len(entities) < page:
            return ids


def compare(name):
    path = needs_shared(os.path.join(SHARED, name) if SHARED else "")
    counted = osm_count.count(path)
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        with open(path, "rb") as f:
            answer = server.ask("POST", "/api/import?name=" + urllib.parse.quote(os.path.basename(path)), f.read(),
                                {"Content-Type": "application/octet-stream"}, timeout=300)
        expect_equal(answer.status, 200, answer.body[:300])
        report = answer.json()
        warned = {warning["id"].replace("/", "-") for warning in report["warnings"]}
        for type_name, expected in counted.items():
            imported = ids_of(server, type_name)
            extra, missing = imported - expected, expected - imported
            expect(not extra, f"{name}: {len(extra)} {type_name} that the file does not have, as {sorted(extra)[:3]}")
            silent = missing - warned if report["warningsCount"] == len(report["warnings"]) else set()
            expect(not silent, f"{name}: {len(silent)} {type_name} left out without a word, as {sorted(silent)[:3]}")
            expect(len(missing) <= len(expected) / 100, f"{name}: {len(missing)} of {len(expected)} {type_name} left out")
            print(f"  {name}: {type_name} {len(imported)} of {len(expected)}, {len(missing)} told as left out", flush=True)


def test_jamsil_holds_what_its_file_holds():
    compare("seoul-jamsil/seoul-jamsil.osm")


def test_monaco_holds_what_its_file_holds():
    compare("monaco/monaco.osm.pbf")


def test_the_roads_of_monaco_hold_what_their_file_holds():
    compare("monaco/monaco-sumo.osm")


def test_porto_alegre_holds_what_its_file_holds():
    compare("transit/porto-alegre.osm.pbf")


cityloom.run_tests(globals())
