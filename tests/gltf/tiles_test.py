# The tiles of a real district: the tileset holds together, every glTF in it is valid, every feature leads to its entity.
import json
import os
import struct
import subprocess
import sys

import cityloom
from cityloom import JAMSIL, Server, Skip, expect, expect_equal, needs_shared, wait_until

DELFT = os.path.join(cityloom.SHARED, "buildings", "delft-lod1.city.json")
BODY_LAYERS = {"bridges": "Bridge", "landuse": "LandUse", "vegetation": "PlantCover", "water": "WaterBody",
               "transportation": "Road", "generic": "GenericCityObject"}


class Subtree:
    """A .subtree file: which tiles there are, in the order of the standard, and their regions."""

    def __init__(self, file):
        magic, version, json_length, binary_length = struct.unpack_from("<4sIQQ", file)
        expect_equal((magic, version, len(file)), (b"subt", 1, 24 + json_length + binary_length), "head of a subtree")
        self.json = json.loads(file[24:24 + json_length])
        self.binary = file[24 + json_length:]

    def view(self, index):
        view = self.json["bufferViews"][index]
        return self.binary[view["byteOffset"]:view["byteOffset"] + view["byteLength"]]

    def is_available(self, availability, bit):
        if "constant" in availability:
            return availability["constant"] == 1
        return self.view(availability["bitstream"])[bit // 8] >> bit % 8 & 1 == 1

    def has_tile(self, bit):
        return self.is_available(self.json["tileAvailability"], bit)

    def has_child(self, morton):
        return self.is_available(self.json["childSubtreeAvailability"], morton)

    def region(self, bit):
        row = sum(self.has_tile(before) for before in range(bit))
        return struct.unpack_from("<6d", self.view(self.json["propertyTables"][0]["properties"]["region"]["values"]), row * 48)


class Walk:
    """Every tile of a tileset by the rules of 3D Tiles 1.1: volumes contain, errors shrink, addresses resolve."""

    def __init__(self, server, query="", layer="buildings"):
        self.client, self.contents, self.finest = server.client(60), {}, set()
        self.door = f"/tiles/{layer}/"
        # As of one moment: what follows the record may still be behind, and contents would change under the walk.
        moment = f"asOf={server.get('/api/summary').json()['offset']}"
        tileset = tileset_of(server, self.door, f"{query}&{moment}" if query else f"?{moment}")
        expect_equal(tileset["asset"]["version"], "1.1", "version of 3D Tiles")
        root = tileset["root"]
        expect(root["geometricError"] <= tileset["geometricError"], "the root's error is not the largest")
        implicit = root["implicitTiling"]
        self.levels, self.subtree_levels = implicit["availableLevels"], implicit["subtreeLevels"]
        self.patterns = {"subtree": implicit["subtrees"]["uri"], "content": root["content"]["uri"]}
        self.root = root["boundingVolume"]["region"]
        self.subtree((0, 0, 0), root["geometricError"], None)

    def ask(self, kind, place):
        uri = self.patterns[kind]
        for name, number in zip(("{level}", "{x}", "{y}"), place):
            uri = uri.replace(name, str(number))
        answer = self.client.ask("GET", self.door + uri)
        expect_equal(answer.status, 200, uri)
        return uri, answer.body

    def subtree(self, place, error, above):
        subtree = Subtree(self.ask("subtree", place)[1])
        expect(subtree.has_tile(0), "a subtree without its root")
        self.tile(subtree, place, 0, 0, error, above)

    def in_its_quarter(self, place, region):
        """Until a subtree is read, its tiles stand where the root's volume is quartered."""
        for low, high, number in ((0, 2, place[1]), (1, 3, place[2])):
            size = (self.root[high] - self.root[low]) / 2 ** place[0]
            start = self.root[low] + number * size
            expect(start <= (region[low] + region[high]) / 2 <= start + size, f"{place} is not in its quarter of the root")
        expect(region[4] >= self.root[4] and region[5] <= self.root[5], f"{place} is higher or lower than the root")

    def tile(self, subtree, place, level, morton, error, above):
        region = subtree.region((4 ** level - 1) // 3 + morton)
        self.in_its_quarter(place, region)
        expect(above is None or all(region[i] >= above[i] - 1e-12 for i in (0, 1, 4)) and all(region[i] <= above[i] + 1e-12 for i in (2, 3, 5)),
               f"{place} leaves the volume above it")
        uri, body = self.ask("content", place)
        self.contents[uri] = body
        expect(place[0] < self.levels, "deeper than availableLevels")
        is_finest = True
        for quarter in range(4):
            child = (place[0] + 1, place[1] * 2 + quarter % 2, place[2] * 2 + quarter // 2)
            below = morton * 4 + quarter
            if level + 1 < self.subtree_levels:
                if subtree.has_tile((4 ** (level + 1) - 1) // 3 + below):
                    self.tile(subtree, child, level + 1, below, error / 2, region)
                    is_finest = False
            elif subtree.has_child(below):
                self.subtree(child, error / 2, region)
                is_finest = False
        if is_finest:
            self.finest.add(uri)
        else:
            expect(error > 0, f"{place} has tiles below and no error")


def tileset_of(server, door, query=""):
    answer = wait_until("a tileset with contents", lambda: (lambda a: a if a.status == 200 and b"uri" in a.body else None)(
        server.get(door + "tileset.json" + query)), 60)
    return answer.json()


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


def validate(folder, contents):
    if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "gltf-validator")):
        raise Skip("gltf-validator is not installed: tools/setup test")
    paths = []
    for number, body in enumerate(contents.values()):
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


def test_every_gltf_is_valid():
    with_jamsil(lambda server, folder: validate(folder, Walk(server).contents))


def test_every_plain_gltf_is_valid_and_much_larger():
    def check(server, folder):
        plain, small = Walk(server, "?plain=1").contents, Walk(server).contents
        validate(folder, plain)
        expect_equal(len(plain), len(small), "tiles")
        bytes_plain, bytes_small = (sum(len(b) for b in one.values()) for one in (plain, small))
        expect(bytes_small <= 0.4 * bytes_plain, f"{bytes_small} bytes of {bytes_plain} plain ones")

    with_jamsil(check)


def features_lead_back(server, walk, entity_type):
    answer = server.get(f"/ngsi-ld/v1/entities?type={entity_type}&limit=0&count=true")
    count, ids = int(answer.headers["NGSILD-Results-Count"]), []
    for uri in walk.finest:
        glb = walk.contents[uri]
        ids += strings_of(gltf_json(glb), glb, "id")
    expect_equal(len(ids), len(set(ids)), "a feature stands once")
    expect(len(ids) >= count * 0.99, f"{len(ids)} features of {count} of type {entity_type}")
    client = server.client()
    for entity_id in ids[:: max(1, len(ids) // 50)]:
        entity = client.ask("GET", "/ngsi-ld/v1/entities/" + cityloom.quoted(entity_id))
        expect_equal((entity.status, entity.json()["type"]), (200, entity_type), entity_id)


def test_every_building_is_a_feature_and_leads_back():
    with_jamsil(lambda server, _folder: features_lead_back(server, Walk(server), "Building"))


def test_everything_with_a_body_is_a_valid_feature_and_leads_back():
    needs_shared(DELFT)
    with cityloom.folder() as folder:
        city = os.path.join(folder, "delft")
        os.mkdir(city)
        os.symlink(DELFT, os.path.join(city, "delft.city.json"))
        with Server(folder + "/data", "--city", city) as server:
            for layer, entity_type in BODY_LAYERS.items():
                walk = Walk(server, layer=layer)
                features_lead_back(server, walk, entity_type)
                validate(folder, walk.contents)


cityloom.run_tests(globals())
