# OGC API - Features read by GDAL, a client that is not ours: Jamsil's features in table and place, boxes, CRS, paging.
import json
import math
import shutil
import subprocess
import urllib.parse

import cityloom
from cityloom import JAMSIL, Server, Skip, expect, expect_equal, needs_shared

BBOX = (127.095, 37.509, 127.103, 37.515)


def gdal(*words):
    if not shutil.which(words[0]):
        raise Skip(f"{words[0]} is not installed: tools/setup test")
    done = subprocess.run(words, capture_output=True, timeout=300)
    expect_equal(done.returncode, 0, f"{' '.join(words)}: {done.stderr.decode()}")
    expect(b"ERROR" not in done.stderr, done.stderr.decode())
    return done.stdout.decode()


def source(server):
    return f"OAPIF:{server.url('/ogc')}"


def features_of(server, folder, *options, layer="Building"):
    path = f"{folder}/{len(options)}-{abs(hash(options))}.geojson"
    # RFC 7946 would bring everything back to longitude and latitude.
    gdal("ogr2ogr", "-f", "GeoJSON", path, source(server), layer, "-lco", "COORDINATE_PRECISION=7", *options)
    with open(path) as f:
        return json.load(f)["features"]


def all_positions(coordinates):
    if isinstance(coordinates[0], (int, float)):
        yield coordinates
    else:
        for part in coordinates:
            yield from all_positions(part)


def box_of(feature):
    xs, ys = zip(*((p[0], p[1]) for p in all_positions(feature["geometry"]["coordinates"])))
    return min(xs), min(ys), max(xs), max(ys)


def meets(box, other):
    return box[0] <= other[2] and box[2] >= other[0] and box[1] <= other[3] and box[3] >= other[1]


def count_of(server, entity_type):
    answer = server.get(f"/ngsi-ld/v1/entities?type={entity_type}&limit=0&count=true")
    return int(answer.headers["NGSILD-Results-Count"])


def test_gdal_reads_jamsil():
    needs_shared(JAMSIL)
    with cityloom.folder() as folder, Server(folder + "/data", "--city", JAMSIL) as server:
        listed = gdal("ogrinfo", "-ro", source(server))
        ids = {each["id"] for each in server.get("/ogc/collections").json()["collections"]}
        expect({"Building", "RoadSegment"} <= ids, str(ids))
        for each in ids:
            expect(each in listed, f"{each} is no layer: {listed}")
        summary = gdal("ogrinfo", "-ro", "-so", source(server), "Building")
        buildings = count_of(server, "Building")
        expect(f"Feature Count: {buildings}" in summary, summary)
        expect("height: Real" in summary or "height: Integer" in summary, summary)

        everything = features_of(server, folder)
        expect_equal(len({f["properties"]["id"] for f in everything}), buildings, "buildings over all pages, each once")
        check_places(server, everything)

        # GDAL hands -spat over as bbox; what it gets is what overlaps by the boxes of what there is, or a little less.
        near = features_of(server, folder, "-spat", *map(str, BBOX))
        candidates = {f["properties"]["id"] for f in everything if meets(box_of(f), BBOX)}
        inside = {f["properties"]["id"] for f in everything
                  if any(BBOX[0] <= p[0] <= BBOX[2] and BBOX[1] <= p[1] <= BBOX[3] for p in all_positions(f["geometry"]["coordinates"]))}
        got = {f["properties"]["id"] for f in near}
        expect(inside <= got <= candidates and got, f"{len(got)} of {len(candidates)}, {len(inside)} of them surely")


def check_places(server, features):
    for feature in features[::max(1, len(features) // 30)]:
        entity = server.get("/ngsi-ld/v1/entities/" + cityloom.quoted(feature["properties"]["id"]) + "?format=simplified").json()
        known = list(all_positions(entity["location"]["coordinates"]))
        for p, q in zip(all_positions(feature["geometry"]["coordinates"]), known):
            expect(math.hypot(p[0] - q[0], p[1] - q[1]) < 1e-6, f"{entity['id']}: {p} instead of {q}")
        if "height" in entity:
            expect(abs(float(feature["properties"]["height"]) - entity["height"]) < 1e-9, entity["id"])


def transformed(code, positions):
    """By GDAL, from WGS 84: easting first for every system."""
    text = "\n".join(f"{p[0]!r} {p[1]!r}" for p in positions)
    if not shutil.which("gdaltransform"):
        raise Skip("gdaltransform is not installed: tools/setup test")
    done = subprocess.run(["gdaltransform", "-s_srs", "EPSG:4326", "-t_srs", f"EPSG:{code}", "-output_xy"],
                          input=text.encode(), capture_output=True, timeout=60)
    return [tuple(map(float, line.split())) for line in done.stdout.decode().split("\n") if line.strip()]


def test_coordinate_systems():
    needs_shared(JAMSIL)
    with cityloom.folder() as folder, Server(folder + "/data", "--city", JAMSIL) as server:
        box = ",".join(map(str, BBOX))
        known = server.get(f"/ogc/collections/Building/items?limit=1000&bbox={box}").json()
        ids = [f["id"] for f in known["features"]]
        for code, north_first in ((4326, True), (3857, False), (5179, True), (5186, True)):
            uri = f"http://www.opengis.net/def/crs/EPSG/0/{code}"
            answer = server.get(f"/ogc/collections/Building/items?limit=1000&bbox={box}&crs={urllib.parse.quote(uri)}")
            expect_equal(answer.headers["Content-Crs"], f"<{uri}>", "Content-Crs")
            features = answer.json()["features"]
            expect_equal([f["id"] for f in features], ids, f"the same by EPSG:{code}")
            for here, there in list(zip(known["features"], features))[:20]:
                wanted = transformed(code, list(all_positions(here["geometry"]["coordinates"])))
                for p, q in zip(all_positions(there["geometry"]["coordinates"]), wanted):
                    x, y = (p[1], p[0]) if north_first else (p[0], p[1])
                    close = 1e-7 if code == 4326 else 0.01
                    expect(abs(x - q[0]) < close and abs(y - q[1]) < close, f"EPSG:{code}: {p} instead of {q}")
            # A box in that system around one building finds it.
            first = features[0]
            xs, ys = zip(*((p[0], p[1]) for p in all_positions(first["geometry"]["coordinates"])))
            small = f"{min(xs)},{min(ys)},{max(xs)},{max(ys)}"
            found = server.get(f"/ogc/collections/Building/items?bbox={small}&bbox-crs={urllib.parse.quote(uri)}").json()
            expect(first["id"] in [f["id"] for f in found["features"]], f"not in its own box of EPSG:{code}")
            expect(found["numberMatched"] < 30, f"{found['numberMatched']} in one building's box")


def test_links_lead_to_everything_once():
    needs_shared(JAMSIL)
    with cityloom.folder() as folder, Server(folder + "/data", "--city", JAMSIL) as server:
        address, ids = "/ogc/collections/RoadSegment/items?limit=700", []
        while address:
            page = server.get(address).json()
            ids += [f["id"] for f in page["features"]]
            expect_equal(page["numberReturned"], len(page["features"]), "numberReturned")
            expect_equal(page["numberMatched"], count_of(server, "RoadSegment"), "numberMatched")
            following = [link["href"] for link in page["links"] if link["rel"] == "next"]
            address = following[0][len(server.url()):] if following else None
        expect_equal(len(ids), len(set(ids)), "each once")
        expect_equal(len(ids), count_of(server, "RoadSegment"), "all of them")


cityloom.run_tests(globals())
