# Counts what an OSM file holds, written apart from the importer and from OpenStreetMap's own rules: XML by expat, PBF by hand.
import struct
import xml.parsers.expat
import zlib

ROADS = set("""motorway motorway_link trunk trunk_link primary primary_link secondary secondary_link tertiary tertiary_link
unclassified residential living_street service road track busway bus_guideway pedestrian footway cycleway path bridleway steps
escape raceway""".split())


def read_xml(path, take):
    """Calls take(kind, id, tags, count of nodes) for each object."""
    now = {}

    def start(name, attributes):
        if name in ("node", "way", "relation"):
            now.update(kind=name, id=int(attributes["id"]), tags={}, refs=0)
        elif name == "tag" and now:
            now["tags"][attributes["k"]] = attributes["v"]
        elif name == "nd":
            now["refs"] += 1

    def end(name):
        if name in ("node", "way", "relation"):
            take(now["kind"], now["id"], now["tags"], now["refs"])
            now.clear()

    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    with open(path, "rb") as f:
        parser.ParseFile(f)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of a protobuf message; lengths as bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {key & 7}")
        yield key >> 3, value


def varints(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def signed(value):
    return (value >> 1) ^ -(value & 1)


def read_dense(message, texts, take):
    parts = dict(fields(message))
    pairs = varints(parts.get(10, b""))
    number = 0
    for delta in varints(parts[1]):
        number += signed(delta)
        tags = {}
        for key in pairs:
            if key == 0:
                break
            tags[texts[key]] = texts[next(pairs)]
        take("node", number, tags, 0)


def read_group(group, texts, take):
    for kind, message in fields(group):
        if kind == 2:
            read_dense(message, texts, take)
        elif kind in (3, 4):
            parts = dict(fields(message))
            tags = {texts[k]: texts[v] for k, v in zip(varints(parts.get(2, b"")), varints(parts.get(3, b"")))}
            refs = sum(1 for _ in varints(parts.get(8, b""))) if kind == 3 and tags else 0
            take("way" if kind == 3 else "relation", parts[1], tags, refs)


def read_pbf(path, take):
    with open(path, "rb") as f:
        while size := f.read(4):
            header = dict(fields(f.read(struct.unpack(">I", size)[0])))
            blob = dict(fields(f.read(header[3])))
            if header[1] != b"OSMData":
                continue
            block = list(fields(zlib.decompress(blob[3]) if 3 in blob else blob[1]))
            texts = [text.decode() for number, table in block if number == 1 for _, text in fields(table)]
            for number, group in block:
                if number == 2:
                    read_group(group, texts, take)


def count(path):
    """Ids of buildings ("way-1"), of ways that are roads, of signals and crossings; and how many buildings say their levels."""
    found = {"Building": set(), "RoadSegment": set(), "TrafficSignal": set(), "Crossing": set()}

    def take(kind, number, tags, refs):
        building = tags.get("building", "no") not in ("no", "")
        if kind == "node":
            if tags.get("highway") == "traffic_signals":
                found["TrafficSignal"].add(f"node-{number}")
            elif tags.get("highway") == "crossing":
                found["Crossing"].add(f"node-{number}")
        elif kind == "relation":
            if building and tags.get("type") == "multipolygon":
                found["Building"].add(f"relation-{number}")
        elif building:
            found["Building"].add(f"way-{number}")
        elif tags.get("highway") in ROADS and tags.get("area") != "yes" and tags.get("building:part", "no") == "no":
            found["RoadSegment"].add(f"way-{number}")

    (read_pbf if path.endswith(".pbf") else read_xml)(path, take)
    return found
