# City files made to do harm, imported by the program as it is shipped: each is told in words, in bounded time and
# memory, nothing outside is read, and what could be taken of it is drawn.
import io
import json
import os
import resource
import subprocess
import time
import zipfile

import cityloom
from cityloom import Server, expect, expect_equal
from tileset import Walk, validate

SECONDS_MAX = 20
MEMORY_MB_MAX = 1024
SECRET = "a-secret-that-no-import-may-read"


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))


def imported(data, path, *options):
    """Imports one file: code, what was said. Bounded time and memory are expected of every file."""
    started = time.monotonic()
    with subprocess.Popen([cityloom.BINARY, "import", "--data", data, path, *options], stderr=subprocess.PIPE,
                          stdout=subprocess.DEVNULL, preexec_fn=limited) as process:
        said = process.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    name = os.path.basename(path)
    expect(process.returncode in (0, 5), f"{name}: code {process.returncode}: {said[-500:]}")
    expect(time.monotonic() - started < SECONDS_MAX, f"{name} took {time.monotonic() - started:.1f} s")
    expect(used.ru_maxrss < MEMORY_MB_MAX * 1024, f"{name} took {used.ru_maxrss} kB")
    expect(name in said, f"{name} is not named: {said[-500:]}")
    expect(SECRET not in said, f"{name}: the secret was read")
    expect(len(said) < 200_000, f"{name}: {len(said)} bytes were said")
    return process.returncode, said


def gml(body, declaration=""):
    return ('<?xml version="1.0"?>' + declaration + '<CityModel xmlns="http://www.opengis.net/citygml/2.0" '
            'xmlns:gml="http://www.opengis.net/gml" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" '
            'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:gen="http://www.opengis.net/citygml/generics/2.0">' + body + "</CityModel>")


def house(identifier, ring, crs="EPSG:25833"):
    return (f'<cityObjectMember><bldg:Building gml:id="{identifier}"><bldg:lod1MultiSurface><gml:MultiSurface srsName="{crs}" '
            'srsDimension="3"><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>' + ring +
            '</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>'
            '</bldg:lod1MultiSurface></bldg:Building></cityObjectMember>')


SQUARE = "390000 5819000 30 390010 5819000 30 390010 5819010 30 390000 5819010 30 390000 5819000 30"
CROSSING = "390000 5819000 30 390010 5819010 30 390010 5819000 30 390000 5819010 30 390000 5819000 30"
BENT = "390000 5819000 30 390010 5819000 80 390010 5819010 30 390000 5819010 -20 390000 5819000 30"
LINE = "390000 5819000 30 390010 5819000 30 390005 5819000 30 390000 5819000 30"


def citygml_files(secret):
    laughs = "".join(f'<!ENTITY l{n} "{("&l" + str(n - 1) + ";") * 10 if n else "ha" * 50}">' for n in range(10))
    yield "laughs.gml", gml("&l9;", f"<!DOCTYPE x [{laughs}]>")
    yield "outside.gml", gml("&a;" + house("a-house-1", SQUARE), f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{secret}">]>')
    yield "parameter.gml", gml(house("a-house-1", SQUARE), f'<!DOCTYPE x [<!ENTITY % a SYSTEM "file://{secret}"> %a;]>')
    yield "link.gml", gml(f'<cityObjectMember xlink:href="file://{secret}"/>' + house("a-house-1", SQUARE))
    yield "self.gml", gml('<cityObjectMember><bldg:Building gml:id="b"><bldg:lod1MultiSurface xlink:href="#b"/></bldg:Building></cityObjectMember>')
    yield "polygons.gml", gml(house("a-crossing-1", CROSSING) + house("a-bent-1", BENT) + house("a-line-1", LINE) +
                              house("a-short-1", "390000 5819000 30 390010 5819000 30") + house("a-house-1", SQUARE))
    yield "far.gml", gml(house("a-far-1", SQUARE.replace("390000", "1000000000")) + house("a-nan-1", SQUARE.replace("30", "NaN")) +
                         house("a-house-1", SQUARE))
    yield "crs.gml", gml(house("a-house-1", SQUARE, "EPSG:999999"))
    yield "swapped.gml", gml(house("a-house-1", "37.5 127 30 37.6 127 30 37.6 127.1 30 37.5 127 30", "EPSG:25833"))
    yield "deep.gml", gml("<gen:a>" * 50_000)
    yield "attributes.gml", gml("<cityObjectMember " + " ".join(f'a{n}="1"' for n in range(200_000)) + "/>")
    yield "name.gml", gml("<" + "a" * 5_000_000 + "/>")


def cityjson(objects, vertices=None, **more):
    return json.dumps({"type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]},
                       "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/25833"}, "CityObjects": objects,
                       "vertices": vertices or [[390000, 5819000, 30], [390010, 5819000, 30], [390010, 5819010, 30]], **more})


def solid(*indices):
    return [{"type": "MultiSurface", "lod": "2", "boundaries": [[list(indices)]]}]


def cityjson_files():
    yield "cycle.city.json", cityjson({"a": {"type": "Building", "parents": ["b"], "children": ["b"]},
                                       "b": {"type": "BuildingPart", "parents": ["a"], "children": ["a"], "geometry": solid(0, 1, 2)}})
    yield "own-parent.city.json", cityjson({"a": {"type": "BuildingPart", "parents": ["a"], "geometry": solid(0, 1, 2)}})
    yield "indices.city.json", cityjson({"a": {"type": "Building", "geometry": solid(0, 1, 4_000_000_000)},
                                         "b": {"type": "Building", "geometry": solid(0, 1, -1)},
                                         "c": {"type": "Building", "geometry": solid(0, 1, 2)}})
    yield "scale.city.json", cityjson({"a": {"type": "Building", "geometry": solid(0, 1, 2)}},
                                      transform={"scale": [1e308, 1e308, 0], "translate": [1e308, 0, 0]})
    yield "template.city.json", cityjson({"a": {"type": "SolitaryVegetationObject", "geometry": [
        {"type": "GeometryInstance", "template": 99, "boundaries": [0], "transformationMatrix": [1] * 16}]}})
    yield "deep.city.json", '{"type":"CityJSON","version":"2.0","CityObjects":' + '{"a":' * 100_000
    yield "crs.city.json", cityjson({"a": {"type": "Building", "geometry": solid(0, 1, 2)}},
                                    metadata={"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/999999"})


def geojson_files():
    def feature(identifier, geometry):
        return {"type": "Feature", "id": identifier, "properties": {"type": "Bench"}, "geometry": geometry}

    crossing = [[[127, 37], [127.01, 37.01], [127.01, 37], [127, 37.01], [127, 37]]]
    hole = [[[127, 37], [127.01, 37], [127.01, 37.01], [127, 37]], [[128, 38], [128.01, 38], [128.01, 38.01], [128, 38]]]
    yield "polygons.geojson", json.dumps({"type": "FeatureCollection", "features": [
        feature("crossing", {"type": "Polygon", "coordinates": crossing}), feature("hole", {"type": "Polygon", "coordinates": hole}),
        feature("far", {"type": "Point", "coordinates": [1e9, 1e9]}), feature("point", {"type": "Point", "coordinates": [127, 37]})]})
    nested = {"type": "Point", "coordinates": [127, 37]}
    for _ in range(200):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    yield "nested.geojson", json.dumps({"type": "FeatureCollection", "features": [feature("nested", nested)]})
    yield "arcs.topojson", json.dumps({"type": "Topology", "arcs": [[[0, 0], [1, 1]]], "objects": {"a": {
        "type": "GeometryCollection", "geometries": [{"type": "LineString", "arcs": [7, -9]}, {"type": "Polygon", "arcs": [[0]]}]}}})


def ifc_files():
    head, end = "ISO-10303-21;\nHEADER;\nFILE_SCHEMA(('IFC4'));\nENDSEC;\nDATA;\n", "ENDSEC;\nEND-ISO-10303-21;\n"
    project = "#1=IFCPROJECT('0000000000000000000001',$,'P',$,$,$,$,(#3),$);\n#3=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#4,$);\n#4=IFCAXIS2PLACEMENT3D(#5,$,$);\n#5=IFCCARTESIANPOINT((0.,0.,0.));\n"
    wall = "#12=IFCWALL('0000000000000000000012',$,'W',$,$,#11,#13,'T');\n#13=IFCPRODUCTDEFINITIONSHAPE($,$,(#14));\n"
    yield "cycle.ifc", (head + project + "#10=IFCBUILDING('0000000000000000000010',$,'H',$,$,#11,$,$,.ELEMENT.,$,$,$);\n"
                        "#11=IFCLOCALPLACEMENT(#11,#4);\n" + wall + "#14=IFCSHAPEREPRESENTATION(#3,'Body','B',(#100));\n"
                        "#100=IFCBOOLEANRESULT(.UNION.,#100,#100);\n#20=IFCRELAGGREGATES('0000000000000000000020',$,$,$,#10,(#10,#12));\n" + end)
    nest = "".join(f"#{n}=IFCBOOLEANRESULT(.DIFFERENCE.,#{n + 1},#{n + 1});\n" for n in range(100, 300))
    yield "doubling.ifc", (head + project + "#11=IFCLOCALPLACEMENT($,#4);\n" + wall + "#14=IFCSHAPEREPRESENTATION(#3,'Body','B',(#100));\n" +
                           nest + "#300=IFCBLOCK(#4,1.,1.,1.);\n" + end)
    yield "deep.ifc", head + project + "#9=IFCX(" + "(" * 200_000 + end
    yield "huge.ifc", head + "#4294967295=IFCWALL($);\n#99999999999999999999=IFCWALL($);\n" + end


def zip_of(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return packed.getvalue()


def archives(secret):
    yield "zeros.zip", zip_of([("a.gml", b"\0" * 300_000_000)])
    inner = zip_of([("a.gml", gml(house("a-house-1", SQUARE)))])
    for _ in range(30):
        inner = zip_of([("a.zip", inner)])
    yield "nested.zip", inner
    yield "escaping.zip", zip_of([("../../../.." + secret, "x"), ("/etc/passwd", "x"), ("a.gml", gml(house("a-house-1", SQUARE)))])
    whole = zip_of([("a.gml", gml(house("a-house-1", SQUARE)))])
    yield "cut.zip", whole[:-30]


def tables():
    yield "far.csv", "id,lon,lat\na,1e9,1e9\nb,127,37\nc,nan,nan\nd,,\n"
    yield "wide.csv", ",".join(f"c{n}" for n in range(100_000)) + "\n" + "1," * 100_000 + "\n"
    yield "quote.csv", 'id,lon,lat\n"' + "a" * 5_000_000
    yield "loop.inp", "[JUNCTIONS]\nA 1\n[PIPES]\nP A A 1 1 1 1 Open\nQ A B 1 1 1 1 Open\n[COORDINATES]\nA 1e9 1e9\n[END]\n"
    yield "loop.net.xml", '<net><edge id="a" from="a" to="a"><lane id="a_0" length="1e9" shape="0,0 1e9,1e9"/></edge></net>'


def test_each_hostile_file_is_told_bounded_and_the_rest_is_drawn():
    with cityloom.folder() as folder:
        secret, data = folder + "/secret.txt", folder + "/data"
        with open(secret, "w", encoding="utf-8") as f:
            f.write(SECRET)
        said = {}
        for files in (citygml_files(secret), cityjson_files(), geojson_files(), ifc_files(), archives(secret), tables()):
            for name, content in files:
                path = f"{folder}/{name}"
                with open(path, "wb") as f:
                    f.write(content if isinstance(content, bytes) else content.encode())
                options = ["--placement", "127,37.5,20"] if name.endswith((".ifc", ".net.xml", ".inp")) else []
                said[name] = imported(data, path, *options)
                os.remove(path)
        # What is sound beside what is not is taken.
        for name in ("link.gml", "polygons.gml", "far.gml", "indices.city.json", "polygons.geojson", "far.csv"):
            expect_equal(said[name][0], 0, f"{name}: {said[name][1][-300:]}")
        for name in ("laughs.gml", "outside.gml", "parameter.gml", "zeros.zip", "cut.zip"):
            expect_equal(said[name][0], 5, f"{name}: {said[name][1][-300:]}")
        expect("a-far-1" in said["far.gml"][1] and "a-nan-1" in said["far.gml"][1], said["far.gml"][1])
        for name in ("crs.gml", "crs.city.json"):
            expect("EPSG:999999" in said[name][1] and "PROJ" in said[name][1], said[name][1])
        every_tile_is_made(data, folder)


def every_tile_is_made(data, folder):
    with Server(data) as server:
        validate(folder, Walk(server).contents)
        for type_name in ("Building", "GeographicFeature"):
            answer = server.get(f"/ngsi-ld/v1/entities?type={type_name}&limit=1000")
            expect(answer.status == 200 and SECRET not in answer.body.decode(), type_name)
            expect(answer.json(), f"no {type_name} was taken")
        expect_equal(server.stop(), 0, "code")


if __name__ == "__main__":
    cityloom.run_tests(globals())
