# Sensors over a real MQTT broker: mapped by YAML, durable, none lost over broken connections and a killed server.
import json
import os
import time

import cityloom
from cityloom import Server, expect, expect_equal, wait_until
from mqtt import Broker, Publisher

CONFIG = """
links:
  - name: air
    kind: mqtt
    host: 127.0.0.1
    port: {port}
    mapping:
      topic: sensors/{{id}}/air
      entity: {{id: "urn:ngsi-ld:AirQualityObserved:{{id}}", type: AirQualityObserved}}
      observed_at: time
      attributes:
        pm25: {{from: pm25, unit: GQ, minimum: 0, maximum: 1000}}
        location: {{longitude: lon, latitude: lat}}
"""


def configured(folder, broker):
    path = os.path.join(folder, "cityloom.yaml")
    with open(path, "w") as f:
        f.write(CONFIG.format(port=broker.port))
    os.makedirs(folder + "/packs", exist_ok=True)
    return ["--config", path, "--packs", folder + "/packs"]


def link(server):
    return next(l for l in server.get("/api/links").json()["links"] if l["name"] == "air")


def running(server):
    wait_until("the link runs", lambda: link(server)["state"] == "running")


def reading(number, value):
    at = f"2026-11-22T{8 + number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    return json.dumps({"pm25": value, "lon": 127.1, "lat": 37.51, "time": at})


def test_a_sensor_by_mapping_and_its_refusals():
    with cityloom.folder() as folder, Broker(folder) as broker:
        with Server(folder + "/data", *configured(folder, broker)) as server:
            running(server)
            publisher = Publisher(broker.port)
            publisher.publish("sensors/one/air", reading(1, 17))
            publisher.publish("sensors/one/air", "{not json")
            publisher.publish("sensors/one/air", reading(2, 5000))
            publisher.publish("sensors/one/air", "[" * 100_000)
            publisher.publish("sensors/two/air", reading(3, 18.5))
            publisher.finish()
            path = "/ngsi-ld/v1/entities/urn:ngsi-ld:AirQualityObserved:two"
            wait_until("the second sensor", lambda: server.get(path).status == 200)
            found = server.get(path).json()
            expect_equal(found["pm25"]["value"], 18.5, "value")
            expect_equal(found["pm25"]["unitCode"], "GQ", "unit")
            expect(found["pm25"]["observedAt"].startswith("2026-11-22T08:00:03"), str(found["pm25"]))
            state = wait_until("refusals", lambda: link(server) if link(server)["refused"] >= 3 else None)
            for refusal in state["refusals"]:
                expect(refusal["reason"] and "at" in refusal, str(refusal))
            expect_equal(server.stop(), 0, "code")


def test_a_polygon_of_5_million_vertices_is_not_taken_and_the_next_message_is_heard():
    ring = "[127.1000000,37.5000000],"
    polygon = '{"pm25":1,"area":{"type":"Polygon","coordinates":[[' + ring * 5_000_000 + ring[:-1] + "]]}}"
    with cityloom.folder() as folder, Broker(folder) as broker:
        with Server(folder + "/data", *configured(folder, broker)) as server:
            running(server)
            before_mb = server.memory_mb("VmHWM")
            publisher = Publisher(broker.port)
            publisher.publish("sensors/one/air", polygon)  # the broker keeps it: the link told it what it takes (MQTT 5)
            publisher.publish("sensors/one/air", " " * 4 * 2**20 + reading(1, 17))  # just too long: handed over and refused
            publisher.publish("sensors/two/air", reading(1, 17))
            publisher.finish()
            path = "/ngsi-ld/v1/entities/urn:ngsi-ld:AirQualityObserved:"
            wait_until("the second sensor", lambda: server.get(path + "two").status == 200)
            expect_equal(server.get(path + "one").status, 404, "the first sensor")
            state = wait_until("the refusal", lambda: link(server) if link(server)["refused"] else None)
            expect_equal(state["state"], "running", "state")
            expect("4194304" in state["refusals"][0]["reason"], str(state["refusals"]))
            expect(server.memory_mb("VmHWM") - before_mb < 50, f"{server.memory_mb('VmHWM'):.0f} MB")
            expect_equal(server.stop(), 0, "code")


def test_none_lost_when_broker_and_server_go_and_come():
    with cityloom.folder() as folder, Broker(folder) as broker:
        options = configured(folder, broker)
        count = 0

        def publish(number):
            nonlocal count
            publisher = Publisher(broker.port)
            for _ in range(number):
                publisher.publish(f"sensors/s{count}/air", reading(count % 3600, count % 100))
                count += 1
            publisher.finish()

        def recorded(server):
            answer = server.get("/ngsi-ld/v1/entities?type=AirQualityObserved&limit=0&count=true")
            return int(answer.headers["NGSILD-Results-Count"])

        with Server(folder + "/data", *options) as server:
            running(server)
            publish(500)
            wait_until("some are recorded", lambda: recorded(server) > 10)
            server.kill()
        publish(500)  # Nobody is there: the broker keeps them.
        with Server(folder + "/data", *options) as server:
            running(server)
            publish(300)
            broker.stop()
            wait_until("the link notices", lambda: link(server)["state"] in ("waiting", "connecting"))
            broker.start()
            wait_until("the link is back", lambda: link(server)["state"] == "running", 60)
            publish(200)
            wait_until(f"all {count}", lambda: recorded(server) == count, 60)
            expect_equal(server.stop(), 0, "code")


def test_many_readings_are_all_durable():
    seconds, rate = 5, 2000
    with cityloom.folder() as folder, Broker(folder) as broker:
        options = configured(folder, broker)
        with Server(folder + "/data", *options) as server:
            running(server)
            publisher, started = Publisher(broker.port, 1000), time.monotonic()
            for number in range(seconds * rate):
                publisher.publish(f"sensors/m{number % 50}/air", reading(number // 50, number % 900))
                if number % 200 == 199:
                    time.sleep(max(0, started + number / rate - time.monotonic()))
            publisher.finish()
            state = wait_until("all accepted", lambda: link(server) if link(server)["accepted"] >= seconds * rate else None)
            expect_equal(state["refused"], 0, "refused")
            server.kill()
        with Server(folder + "/data", *options) as server:
            path = "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:AirQualityObserved:m7?attrs=pm25&options=temporalValues"
            values = server.get(path).json()["pm25"]["values"]
            expect_equal(len(values), seconds * rate // 50, "readings of one sensor")


cityloom.run_tests(globals())
