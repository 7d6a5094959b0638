# Every kind of the object library as the server gives it: valid glTF at both levels of detail, as large as declared.
import json
import struct

import cityloom
from cityloom import Server, expect, expect_equal
from tileset import validate_files


def extent_of(glb):
    """Width, depth and height by the bounds of the positions (glTF: y up, front along +z)."""
    length = struct.unpack_from("<I", glb, 12)[0]
    gltf = json.loads(glb[20:20 + length])
    position = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    x, y, z = (b - a for a, b in zip(position["min"], position["max"]))
    return x, z, y


def test_every_kind_is_valid_and_of_its_size():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        client = server.client(60)
        kinds = client.ask("GET", "/api/objects").json()["kinds"]
        expect(len(kinds) >= 60, f"only {len(kinds)} kinds")
        paths = []
        for kind in kinds:
            for level in ("0", "1"):
                answer = client.ask("GET", f"{kind['model']}?lod={level}")
                expect_equal(answer.status, 200, kind["kind"])
                paths.append(f"{folder}/{kind['kind']}-{level}.glb")
                with open(paths[-1], "wb") as f:
                    f.write(answer.body)
                if level == "0":
                    wanted = [kind["size"][name] for name in ("width_m", "depth_m", "height_m")]
                    for is_value, want in zip(extent_of(answer.body), wanted):
                        expect(abs(is_value - want) < 0.01, f"{kind['kind']}: {is_value} m built, {want} m declared")
        validate_files(paths)


cityloom.run_tests(globals())
