# The tiles of a real district: the tileset holds together, every glTF in it is valid, every feature leads to its entity.
import json
import os
import struct
import subprocess
import sys

import cityloom
from cityloom import JAMSIL, Server, Skip, expect, expect_equal, needs_shared, wait_until

DOOR = "/tiles/buildings/"


def tile_contents(tile):
    """The uris of a tile and of all below it."""
    for content in ([tile["content"]] if "content" in tile else []) + tile.get("contents", []):
        yield content["uri"]
    for child in tile.get("children", []):
        yield from tile_contents(child)


def tileset_of(server):
    answer = wait_until("a tileset with contents", lambda: (lambda a: a if a.status == 200 and b"uri" in a.body else None)(
        server.get(DOOR + "tileset.json")), 60)
    return answer.json()


def contents_of(server):
    """uri -> bytes of every content."""
    tileset, client, found = tileset_of(server), server.client(60), {}
    expect_equal(tileset["asset"]["version"], "1.1", "version of 3D Tiles")
    for uri in tile_contents(tileset["root"]):
        answer = client.ask("GET", DOOR + uri)
        expect_equal(answer.status, 200, uri)
        found[uri] = answer.body
    return found


def gltf_json(glb):
    magic, version, _length, json_length, kind = struct.unpack_from("<IIIII", glb)
    expect_equal((magic, version, kind), (0x46546C67, 2, 0x4E4F534A), "head of a glb")
    return json.loads(glb[20:20 + json_length])


def strings_of(gltf, glb, name):
    """The column `name` of the first property table: texts by EXT_structural_metadata."""
    table = gltf["extensions"]["EXT_structural_metadata"]["propertyTables"][0]
    column = table["properties"][name]
    start = 20 + struct.unpack_from("<I", glb, 12)[0] + 8

    def view(index):
        v = gltf["bufferViews"][index]
        return glb[start + v.get("byteOffset", 0):start + v.get("byteOffset", 0) + v["byteLength"]]

    kind = {"UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q"}[column.get("stringOffsetType", "UINT32")]
    offsets = struct.unpack_from(f"<{table['count'] + 1}{kind}", view(column["stringOffsets"]))
    values = view(column["values"])
    return [values[a:b].decode() for a, b in zip(offsets, offsets[1:])]


def with_jamsil(check):
    needs_shared(JAMSIL)
    with cityloom.folder() as folder, Server(folder + "/data", "--city", JAMSIL) as server:
        check(server, folder)


def test_every_gltf_is_valid():
    def check(server, folder):
        if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "gltf-validator")):
            raise Skip("gltf-validator is not installed: tools/setup test")
        paths = []
        for number, body in enumerate(contents_of(server).values()):
            paths.append(f"{folder}/{number}.glb")
            with open(paths[-1], "wb") as f:
                f.write(body)
        script = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "validate.mjs")
        done = subprocess.run(["node", script, *paths], capture_output=True, timeout=300)
        expect_equal(done.returncode, 0, done.stderr.decode())
        reports = [json.loads(line) for line in done.stdout.decode().splitlines()]
        expect_equal(len(reports), len(paths), "reports")
        for report in reports:
            expect(report["errors"] == 0 and report["warnings"] == 0, str(report))

    with_jamsil(check)


def test_every_building_is_a_feature_and_leads_back():
    def check(server, _folder):
        answer = server.get("/ngsi-ld/v1/entities?type=Building&limit=0&count=true")
        buildings, ids = int(answer.headers["NGSILD-Results-Count"]), []
        for glb in contents_of(server).values():
            gltf = gltf_json(glb)
            names = gltf["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"]
            key = next(n for n in ("id", "entityId", "entity") if n in names)
            ids += strings_of(gltf, glb, key)
        expect_equal(len(ids), len(set(ids)), "a feature stands once")
        expect(len(ids) >= buildings * 0.99, f"{len(ids)} features of {buildings} buildings")
        client = server.client()
        for entity_id in ids[:: max(1, len(ids) // 50)]:
            expect_equal(client.ask("GET", "/ngsi-ld/v1/entities/" + cityloom.quoted(entity_id)).status, 200, entity_id)

    with_jamsil(check)


cityloom.run_tests(globals())
