# The tiles of a real district: the tileset holds together, every glTF in it is valid, every feature leads to its entity.
import json
import os
import struct

import cityloom
from cityloom import JAMSIL, Server, expect, expect_equal, needs_shared
from tileset import Walk, validate

DELFT = os.path.join(cityloom.SHARED, "buildings", "delft-lod1.city.json")
BODY_LAYERS = {"bridges": "Bridge", "landuse": "LandUse", "vegetation": "PlantCover", "water": "WaterBody",
               "transportation": "Road", "generic": "GenericCityObject"}


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
