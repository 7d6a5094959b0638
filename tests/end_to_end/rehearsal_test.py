# The rehearsal as a user meets it: a living city on an empty folder, and devices over a real broker with nothing refused.
import json
import os

import cityloom
import mqtt
from cityloom import Server, command, expect, expect_equal, needs_shared, wait_until

SMALL = ["--rehearsal", "auto"]


def settings(folder, **values):
    path = os.path.join(folder, "small.yaml")
    with open(path, "w") as f:
        for key, value in values.items():
            f.write(f"{key}: {json.dumps(value)}\n")
    return ["--config", path]


def counts(server):
    return {row["type"]: row["count"] for row in server.get("/api/summary").json()["types"]}


def rehearsal_links(server):
    return [link for link in server.get("/api/links").json()["links"] if link["name"].startswith("rehearsal-")]


def vehicle_places(server):
    found = server.get("/ngsi-ld/v1/entities?type=Vehicle&limit=1000&options=keyValues").json()
    return {one["id"]: one["location"]["coordinates"] for one in found}


def known_digest(name):
    with open(os.path.join(cityloom.ROOT, "src", "rehearsal", "testing", "digests.txt")) as f:
        return next(int(number) for word, number in (line.split() for line in f) if word == name)


def digest(data):
    number = 0xCBF29CE484222325
    for byte in data:
        number = (number ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return number


def test_the_same_seed_is_the_same_city_for_every_compiler():
    """The unit tests, made by another compiler, have written down what this program must make too."""
    with cityloom.folder() as folder:
        code, _, error = command("rehearse", "--into", folder + "/data", "--buildings", "300")
        expect_equal(code, 0, error)
        with Server(folder + "/data", "--no-rehearsal") as server:
            found = server.get("/ngsi-ld/v1/entities?type=Building&limit=1000&options=keyValues").json()
            lines = []
            for one in sorted(found, key=lambda one: one["id"]):
                places = " ".join(f"{x:.7f},{y:.7f}" for x, y in one["location"]["coordinates"][0])
                lines.append(f"{one['id']} {one['height']:.1f} {places}\n")
            expect_equal(digest("".join(lines).encode()), known_digest("buildings"), "digest of the buildings")
            ground = server.get("/api/terrain").json()["models"]
            expect_equal(len(ground), 1, "models of the ground")


def test_an_empty_folder_comes_alive():
    with cityloom.folder() as folder:
        small = settings(folder, rehearsal_buildings=300, rehearsal_vehicles=80, rehearsal_devices=120)
        with Server(folder + "/data", *SMALL, *small) as server:
            wait_until("vehicles drive", lambda: counts(server).get("Vehicle", 0) >= 5, 60)
            have = counts(server)
            expect_equal(have["Building"], 300, "buildings")
            for kind in ("RoadSegment", "Water", "Pipe", "City", "TrafficSignal"):
                expect(have.get(kind, 0) > 0, f"no {kind}: {have}")
            before = vehicle_places(server)
            wait_until("a vehicle has moved", lambda: any(vehicle_places(server).get(id_) != place for id_, place in before.items()), 20)
            vehicle = server.get("/ngsi-ld/v1/entities/" + next(iter(before)) + "?options=keyValues").json()
            expect_equal(vehicle["invented"], True, "invented")
            for link in rehearsal_links(server):
                expect_equal(link["refused"], 0, f"refused by {link['name']}: {link['refusals'][:1]}")
            expect_equal(server.stop(), 0, "code after Ctrl-C")
        with Server(folder + "/data", *SMALL, *small) as server:
            wait_until("the day goes on after a restart",
                       lambda: sum(link["accepted"] for link in rehearsal_links(server)) > 0, 60)
            expect_equal(counts(server)["Building"], 300, "buildings after a restart")


def test_switched_off_nothing_is_invented():
    with cityloom.folder() as folder:
        for switch in (["--no-rehearsal"], [*settings(folder, rehearsal="off"), "--rehearsal", "off"]):
            with Server(folder + "/data", *switch) as server:
                expect_equal(rehearsal_links(server), [], "links")
                expect_equal(counts(server), {}, "entities")


def test_over_a_real_broker_nothing_is_refused():
    with cityloom.folder() as folder, mqtt.Broker(folder) as broker:
        data, truth = folder + "/data", folder + "/truth.ndjson"
        size = ["--buildings", "300", "--seed", "5"]
        code, _, error = command("rehearse", "--into", data, *size)
        expect_equal(code, 0, error)
        listen = settings(folder, rehearsal_broker=f"127.0.0.1:{broker.port}")
        with Server(data, "--rehearsal", "links", *listen) as server:
            wait_until("the links listen", lambda: all(link["state"] == "running" for link in rehearsal_links(server)), 20)
            code, _, error = command("rehearse", "--broker", f"127.0.0.1:{broker.port}", *size, "--vehicles", "60", "--devices", "150",
                                     "--seconds", "60", "--speed", "12", "--start", "2026-03-02T08:00:00+09:00",
                                     "--truth", truth)
            expect_equal(code, 0, error)
            with open(truth, "rb") as f:
                expect_equal(digest(f.read()), known_digest("truth"), "digest of the truth")
            with open(truth) as f:
                lines = [json.loads(line) for line in f]
            driving = {line["vehicle"] for line in lines if line["kind"] == "vehicle"}
            expect(len(driving) > 5, f"only {len(driving)} vehicles drove")
            wait_until("every vehicle of the truth is recorded", lambda: counts(server).get("Vehicle", 0) >= len(driving), 20)
            links = rehearsal_links(server)
            for link in links:
                expect_equal(link["refused"], 0, f"refused by {link['name']}: {link['refusals'][:1]}")
            expect(sum(link["accepted"] for link in links) > 100, "hardly anything was taken")
            # A sensor without an error says the truth: the register of a meter.
            meters = [line for line in lines if line["kind"] == "reading" and line["device"].startswith("energy/")]
            expect(meters, "no meter in the truth")
            last = {line["device"]: line for line in meters}
            name, line = next(iter(last.items()))
            found = server.get(f"/ngsi-ld/v1/entities/urn:ngsi-ld:EnergyMeter:rehearsal-{name.split('/')[1]}?options=keyValues").json()
            expect(abs(found["energyConsumed"] - line["energy"]) < 0.5, f"{found} against {line}")


def test_by_http_a_bad_day_is_recorded_as_it_was():
    """Noise, drift, outages, late messages and duplicates at once: nothing is refused, nothing is recorded twice."""
    with cityloom.folder() as folder, Server(folder + "/data", "--rehearsal", "links") as server:
        truth = folder + "/truth.ndjson"
        code, _, error = command("rehearse", "--to", server.url(), "--buildings", "300", "--seed", "5", "--vehicles", "20",
                                 "--pedestrians", "5", "--devices", "150", "--seconds", "900", "--speed", "0",
                                 "--noise", "3", "--drift", "2", "--outages", "0.3", "--late", "0.3", "--duplicates", "0.3",
                                 "--start", "2026-03-02T08:00:00+09:00", "--truth", truth)
        expect_equal(code, 0, error)
        links = rehearsal_links(server)
        for link in links:
            expect_equal(link["refused"], 0, f"refused by {link['name']}: {link['refusals'][:1]}")
        told = {}
        with open(truth) as f:
            for line in map(json.loads, f):
                if line["kind"] == "reading" and line["device"].startswith("energy/"):
                    told.setdefault(line["device"].split("/")[1], {})[line["t"]] = line["energy"]
        expect(len(told) > 3, f"only {len(told)} meters in the truth")
        recorded = 0
        for name, energies in told.items():
            past = server.get(f"/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:EnergyMeter:rehearsal-{name}"
                              "?timerel=after&timeAt=2026-03-01T00:00:00Z&lastN=1000").json()
            values = [one for one in past["energyConsumed"] if "observedAt" in one]
            times = [one["observedAt"] for one in values]
            expect_equal(len(times), len(set(times)), f"a reading of meter {name} is recorded twice")
            for one in values:
                expect(abs(one["value"] - energies[one["observedAt"]]) < 0.5, f"meter {name}: {one}, in truth {energies}")
            recorded += len(times)
        expect(recorded > 0.5 * sum(map(len, told.values())), f"only {recorded} of {sum(map(len, told.values()))} readings")


def test_mistakes_of_the_address_are_told():
    with cityloom.folder() as folder:
        nobody = cityloom.free_port()
        code, _, error = command("rehearse", "--to", f"http://127.0.0.1:{nobody}", "--buildings", "12", "--seconds", "5")
        expect_equal(code, 1, error)
        expect("is it running there?" in error, error)
        with Server(folder + "/data", "--no-rehearsal") as server:
            code, _, error = command("rehearse", "--to", server.url(), "--buildings", "12", "--seconds", "5")
            expect_equal(code, 1, error)
            expect("rehearsal-" in error, error)


def test_a_real_city_gets_invented_cars_on_its_streets():
    jamsil = needs_shared(cityloom.JAMSIL)
    with cityloom.folder() as folder:
        with Server(folder + "/data", "--city", jamsil, "--rehearse") as server:
            wait_until("vehicles drive in Jamsil", lambda: counts(server).get("Vehicle", 0) >= 5, 90)
            vehicles = server.get("/ngsi-ld/v1/entities?type=Vehicle&limit=100&options=keyValues").json()
            on_street = 0
            for vehicle in vehicles:
                place = vehicle["location"]["coordinates"][:2]
                near = server.get("/ngsi-ld/v1/entities?type=RoadSegment&limit=1&options=keyValues&georel=near;maxDistance==25"
                                  f"&geometry=Point&coordinates=[{place[0]},{place[1]}]").json()
                on_street += len(near)
                expect_equal(vehicle["invented"], True, f"{vehicle['id']} invented")
            expect_equal(on_street, len(vehicles), "vehicles within 25 m of the middle of a street, as wide as the widest are")
            have = counts(server)
            for kind in ("City", "GeographicFeature"):
                expect_equal(have.get(kind, 0), 0, f"invented {kind}")
            # Nothing real says that it is invented; every device of the rehearsal does (some links bring real stations).
            real = ("Building", "RoadSegment", "TrafficSignal", "Water", "GreenArea")
            for kind in real:
                found = server.get(f"/ngsi-ld/v1/entities?type={kind}&q=invented==true&limit=1&options=keyValues").json()
                expect_equal(found, [], f"invented {kind}")
            devices = 0
            for kind in ("Camera", "AirQualityObserved", "TrafficFlowObserved", "NoiseLevelObserved", "SignalController"):
                found = server.get(f"/ngsi-ld/v1/entities?type={kind}&limit=1000&options=keyValues").json()
                ours = [one for one in found if one["id"].split(":")[-1].startswith("rehearsal-")]
                devices += len(ours)
                expect(all(one.get("invented") is True for one in ours), f"a {kind} does not say that it is invented")
            expect(devices > 0, f"no devices: {have}")


def test_mistakes_are_told():
    code, _, error = command("rehearse", "--buildings", "0")
    expect_equal(code, 2, error)
    code, _, error = command("rehearse", "--broker", "127.0.0.1:1", "--buildings", "12")
    expect_equal(code, 4, error)
    expect("broker" in error, error)
    code, _, error = command("rehearse", "--speed", "fast")
    expect_equal(code, 2, error)


if __name__ == "__main__":
    cityloom.run_tests(globals())
