# SensorThings on real data, over a restart, and its observations by MQTT through a link's mapping.
import json
import os
import urllib.parse

import cityloom
from cityloom import JAMSIL, Server, expect, expect_equal, needs_shared, wait_until
from mqtt import Broker, Publisher

THING = {
    "@iot.id": "urn:t:oven", "name": "Oven", "description": "An oven",
    "Locations": [{"name": "Kitchen", "description": "Where", "encodingType": "application/geo+json",
                   "location": {"type": "Point", "coordinates": [127.1, 37.512]}}],
    "Datastreams": [{"name": "Oven temperature", "description": "Inside",
                     "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                     "unitOfMeasurement": {"name": "degree Celsius", "symbol": "°C", "definition": "ucum:Cel"},
                     "Sensor": {"name": "DHT22", "description": "d", "encodingType": "application/pdf", "metadata": "m"},
                     "ObservedProperty": {"name": "Air Temperature", "description": "t", "definition": "http://example.org/t"}}]}
STREAM = "/Datastreams('urn:t:oven;airTemperature')"

CONFIG = """
links:
  - name: observations
    kind: mqtt
    host: 127.0.0.1
    port: {port}
    mapping:
      topic: "v1.1/Datastreams(urn:{{thing}};airTemperature)/Observations"
      entity: {{id: "urn:{{thing}}", type: Thing}}
      observed_at: phenomenonTime
      attributes:
        airTemperature: {{from: result, unit: CEL}}
"""


def sta(path):
    return "/sta/v1.1" + urllib.parse.quote(path, safe="/?&=$(),;:'")


def test_in_a_city_and_over_a_restart():
    needs_shared(JAMSIL)
    with cityloom.folder() as folder:
        os.makedirs(folder + "/packs")
        with Server(folder + "/data", "--city", JAMSIL, "--packs", folder + "/packs") as server:
            before = server.get(sta("/Things/$count")).body
            answer = server.ask("POST", sta("/Things"), THING)
            expect_equal(answer.status, 201, answer.body.decode())
            rows = [[f"2026-11-22T{h:02}:00:00Z", h] for h in range(24)]
            bulk = [{"Datastream": {"@iot.id": "urn:t:oven;airTemperature"}, "components": ["phenomenonTime", "result"],
                     "dataArray": rows}]
            answer = server.ask("POST", sta("/CreateObservations"), bulk)
            expect(answer.status == 201 and not any(a.startswith("error") for a in answer.json()), answer.body.decode())
            expect_equal(int(server.get(sta("/Things/$count")).body), int(before) + 1, "Things")
            near = server.get(sta("/Locations?$filter=geo.distance(location,geography'POINT (127.1 37.512)') lt 0.00001&$expand=Things($select=name)"))
            expect_equal([t["name"] for l in near.json()["value"] for t in l["Things"]], ["Oven"], "near")
            # The same Thing on a map.
            found = server.get("/ogc/collections/Thing/items?bbox=127.09,37.51,127.11,37.52").json()
            expect_equal([(f["id"], f["properties"]["airTemperature"]) for f in found["features"]], [("urn:t:oven", 23)], "feature")
            expect_equal(server.stop(), 0, "code")
        with Server(folder + "/data", "--packs", folder + "/packs") as server:
            page = server.get(sta(STREAM + "/Observations?$orderby=phenomenonTime desc&$select=result&$top=3&$count=true")).json()
            expect_equal(page["@iot.count"], 24, "count after a restart")
            expect_equal([o["result"] for o in page["value"]], [23, 22, 21], "results after a restart")


def test_observations_by_mqtt():
    with cityloom.folder() as folder, Broker(folder) as broker:
        path = os.path.join(folder, "cityloom.yaml")
        with open(path, "w") as f:
            f.write(CONFIG.format(port=broker.port))
        os.makedirs(folder + "/packs", exist_ok=True)
        with Server(folder + "/data", "--config", path, "--packs", folder + "/packs") as server:
            expect_equal(server.ask("POST", sta("/Things"), THING).status, 201, "Thing")
            wait_until("the link runs", lambda: server.get("/api/links").json()["links"][0]["state"] == "running")
            publisher = Publisher(broker.port)
            for hour in (8, 9):
                publisher.publish("v1.1/Datastreams(urn:t:oven;airTemperature)/Observations",
                                  json.dumps({"phenomenonTime": f"2026-11-22T{hour:02}:00:00Z", "result": hour + 0.5}))
            publisher.finish()
            count = sta(STREAM + "/Observations/$count")
            wait_until("both observations", lambda: server.get(count).body == b"2")
            page = server.get(sta(STREAM + "?$expand=Observations($select=result,phenomenonTime)")).json()
            expect_equal([o["result"] for o in page["Observations"]], [8.5, 9.5], "results")
            expect_equal(page["unitOfMeasurement"]["symbol"], "°C", "unit")


cityloom.run_tests(globals())
