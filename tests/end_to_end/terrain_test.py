# Terrain from file to door: SRTM of Monaco, a house on its slope, and what a client of terrain tiles reads.
import json
import os
import struct

import cityloom
from cityloom import SHARED, Server, expect, expect_equal, needs_shared

HOUSE = {
    "id": "urn:ngsi-ld:Building:on-the-slope",
    "type": "Building",
    "location": {"type": "GeoProperty", "value": {"type": "Polygon", "coordinates": [
        [[7.4163, 43.7425], [7.4166, 43.7425], [7.4166, 43.7427], [7.4163, 43.7427], [7.4163, 43.7425]]]}},
    "height": {"type": "Property", "value": 12},
}


def with_terrain(server):
    path = needs_shared(os.path.join(SHARED, "monaco", "N43E007.hgt.zip") if SHARED else "")
    with open(path, "rb") as file:
        answer = server.ask("POST", "/api/import?name=N43E007.hgt.zip", file.read(),
                            {"Content-Type": "application/octet-stream"}, timeout=120)
    expect_equal(answer.status, 200, answer.body[:300])
    expect_equal(answer.json()["entities"], {"TerrainModel": 1})


def height_at(server, longitude, latitude):
    return server.get(f"/api/terrain/height?at={longitude},{latitude}").json()["heights"][0]["height_m"]


def lowest_drawn(server):
    """The lowest height of the region that bounds the buildings."""
    tileset = server.get("/tiles/buildings/tileset.json").json()
    return tileset["root"]["boundingVolume"]["region"][4]


def test_heights_tiles_and_a_house_on_them():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        expect_equal(height_at(server, 7.4246, 43.7384), None, "without terrain")
        answer = server.ask("POST", "/ngsi-ld/v1/entities", json.dumps(HOUSE), {"Content-Type": "application/json"})
        expect_equal(answer.status, 201, answer.body[:300])
        with_terrain(server)
        # Bilinear between nodes of the file, and the geoid by cs2cs: computed outside of this program.
        cityloom.wait_until("terrain", lambda: height_at(server, 7.4246, 43.7384) is not None)
        expect(abs(height_at(server, 7.4246, 43.7384) - 109.836) < 0.02, "Monaco")
        ground = [height_at(server, x, y) for x, y in HOUSE["location"]["value"]["coordinates"][0]]
        cityloom.wait_until("the house stands on the slope", lambda: abs(lowest_drawn(server) - min(ground)) < 1.5)
        layer = server.get("/tiles/terrain/layer.json").json()
        expect_equal(layer["maxzoom"], 17, "levels")
        tile = server.get("/tiles/terrain/12/4264/3043.terrain?v=" + layer["version"])
        expect_equal(tile.status, 200, "tile")
        lowest, highest = struct.unpack("<ff", tile.body[24:32])
        expect(40 < lowest < highest < 1300, f"heights of the tile: {lowest} to {highest}")
        expect_equal(server.stop(), 0, "code at the end")


cityloom.run_tests(globals())
