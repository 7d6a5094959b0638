# Vector tiles of Jamsil, read by a decoder that is not ours: layers, ids that lead back, places, TileJSON, the past, speed.
import json
import math
import os
import subprocess
import sys
import time

import cityloom
from cityloom import JAMSIL, Server, Skip, expect, expect_equal, needs_shared

BOX = (127.0776, 37.5064, 127.133, 37.5387)  # of the district: links may bring sensors from all over the world
HERE = os.path.dirname(os.path.abspath(sys.argv[0]))


def tiles_of(bounds, zoom):
    count = 2 ** zoom

    def place(longitude, latitude):
        sine = math.sin(math.radians(latitude))
        return int((longitude / 360 + 0.5) * count), int((0.5 - math.log((1 + sine) / (1 - sine)) / 4 / math.pi) * count)
    (x0, y1), (x1, y0) = place(bounds[0], bounds[1]), place(bounds[2], bounds[3])
    return [(zoom, x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]


def read(folder, bodies):
    """(z, x, y) -> what the decoder says."""
    if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "@mapbox", "vector-tile")):
        raise Skip("@mapbox/vector-tile is not installed: tools/setup test")
    arguments = []
    for (z, x, y), body in bodies.items():
        path = f"{folder}/{z}-{x}-{y}.mvt"
        with open(path, "wb") as f:
            f.write(body)
        arguments.append(f"{path}@{z}@{x}@{y}")
    done = subprocess.run(["node", os.path.join(HERE, "read_mvt.mjs"), *arguments], capture_output=True, timeout=300)
    expect_equal(done.returncode, 0, done.stderr.decode())
    return dict(zip(bodies, (json.loads(line)["layers"] for line in done.stdout.decode().splitlines())))


def check_layers(layers, seen):
    for name, layer in layers.items():
        expect_equal((layer["version"], layer["extent"]), (2, 4096), name)
        for feature in layer["features"]:
            seen.setdefault(name, set()).add(feature["properties"]["id"])
            expect(feature["least"] >= -64 and feature["most"] <= 4096 + 64, f"{name}: outside of the buffer")
            if name in ("buildings", "areas"):
                expect_equal(feature["type"], 3, name)
                expect(feature["polygons"] >= 1, f"{name}: the first ring does not turn as an outside: {feature['properties']}")


def check_places(client, layers):
    """Footprints stand where the record says."""
    for feature in layers["buildings"]["features"][:40]:
        entity = client.ask("GET", "/ngsi-ld/v1/entities/" + cityloom.quoted(feature["properties"]["id"])).json()
        known = [p for p in flat(entity["location"]["value"]["coordinates"])]
        for point in flat(feature["geometry"]["coordinates"]):
            near = min(math.hypot((point[0] - p[0]) * 88_000, (point[1] - p[1]) * 111_000) for p in known)
            # Clipped corners lie on the footprint's sides, which are shorter than that.
            expect(near < 120, f"{feature['properties']['id']} is {near} m away")


def flat(coordinates):
    if isinstance(coordinates[0], (int, float)):
        yield coordinates
    else:
        for part in coordinates:
            yield from flat(part)


def test_jamsil_as_vector_tiles():
    needs_shared(JAMSIL)
    with cityloom.folder() as folder, Server(folder + "/data", "--city", JAMSIL) as server:
        client = server.client(60)
        description = client.ask("GET", "/tiles/vector/tiles.json").json()
        expect_equal(description["tilejson"], "3.0.0", "TileJSON")
        expect(description["tiles"][0].startswith("http://"), description["tiles"][0])
        west, south, east, north = description["bounds"]
        expect(west <= BOX[0] and south <= BOX[1] and east >= BOX[2] and north >= BOX[3], str(description["bounds"]))
        names = {layer["id"] for layer in description["vector_layers"]}
        bodies, times = {}, []
        for zoom in (10, 12, 14, 15, 16):
            for address in tiles_of(BOX, zoom):
                start = time.perf_counter()
                answer = client.ask("GET", "/tiles/vector/%d/%d/%d.mvt" % address)
                times.append(time.perf_counter() - start)
                expect_equal(answer.status, 200, str(address))
                expect_equal(answer.headers["Cityloom-Features-Dropped"], "0", str(address))
                bodies[address] = answer.body
        seen = {}
        for address, layers in read(folder, bodies).items():
            expect(set(layers) <= names, f"layers {set(layers)} are not described")
            check_layers(layers, seen)
            if address[0] == 15 and "buildings" in layers:
                check_places(client, layers)
        count = int(server.get("/ngsi-ld/v1/entities?type=Building&limit=0&count=true").headers["NGSILD-Results-Count"])
        expect(len(seen["buildings"]) >= 0.97 * count, f"{len(seen['buildings'])} of {count} buildings")
        times.sort()
        print(f"# {len(times)} tiles, p95 {times[len(times) * 95 // 100] * 1000:.1f} ms over HTTP, longest {times[-1] * 1000:.1f} ms")
        z, x, y = next(address for address in bodies if address[0] == 14)
        first = client.ask("GET", f"/tiles/vector/{z}/{x}/{y}.mvt")
        again = client.ask("GET", f"/tiles/vector/{z}/{x}/{y}.mvt", headers={"If-None-Match": first.headers["ETag"]})
        expect_equal(again.status, 304, "with its ETag")
        ogc = client.ask("GET", f"/ogc/tiles/WebMercatorQuad/{z}/{y}/{x}")
        expect(ogc.body == first.body, "OGC gives another tile")
        past = client.ask("GET", f"/tiles/vector/{z}/{x}/{y}.mvt?asOf=0")
        expect_equal(past.body, b"", "before the import")


cityloom.run_tests(globals())
