# Tilesets as clients see them: walked by the rules of 3D Tiles 1.1, their glTF through gltf-validator.
import json
import os
import struct
import subprocess

import cityloom
from cityloom import Skip, expect, expect_equal, wait_until


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


def validate(folder, contents):
    """Every one of these glTF files (bytes by address) is valid; they are written into the folder."""
    paths = []
    for number, body in enumerate(contents.values()):
        paths.append(f"{folder}/{number}.glb")
        with open(paths[-1], "wb") as f:
            f.write(body)
    validate_files(paths)


def validate_files(paths):
    """gltf-validator has neither an error nor a warning for any of these files."""
    if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "gltf-validator")):
        raise Skip("gltf-validator is not installed: tools/setup test")
    script = os.path.join(cityloom.ROOT, "tests", "gltf", "validate.mjs")
    done = subprocess.run(["node", script, *paths], capture_output=True, timeout=300)
    expect_equal(done.returncode, 0, done.stderr.decode())
    reports = [json.loads(line) for line in done.stdout.decode().splitlines()]
    expect_equal(len(reports), len(paths), "reports")
    for report in reports:
        expect(report["errors"] == 0 and report["warnings"] == 0, str(report))
