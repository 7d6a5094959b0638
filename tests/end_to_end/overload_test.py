# Many times the load that the server can carry, with little memory allowed: it stays up, says that it is healthy, answers
# what is urgent, refuses the rest with 503 or 429 and Retry-After, and goes on afterwards.
import json
import os
import socket
import threading
import time

import cityloom
from cityloom import Server, expect, expect_equal

MEMORY = 512 * 1024 * 1024
SECONDS = float(os.environ.get("CITYLOOM_OVERLOAD_S") or 6)
CLIENTS = 48
BATCH = 1000


def station(number, value):
    attributes = {name: {"type": "Property", "value": value + number, "unitCode": "GQ", "observedAt": "2026-11-22T08:05:00Z"}
                  for name in ("pm25", "pm10", "o3", "no2", "co", "so2", "temperature")}
    return {"id": f"urn:ngsi-ld:Station:{number}", "type": "Station", **attributes}


def request(body):
    head = ("POST /ngsi-ld/v1/entityOperations/upsert HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


class Flood(threading.Thread):
    """Sends batches one after another as fast as they are answered; counts the answers by status."""

    def __init__(self, port, requests, until):
        super().__init__(daemon=True)
        self.port, self.requests, self.until, self.statuses, self.without_retry = port, requests, until, {}, 0

    def run(self):
        number = 0
        while time.monotonic() < self.until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
                    while time.monotonic() < self.until:
                        connection.sendall(self.requests[number % len(self.requests)])
                        number += 1
                        head = connection.recv(65536)
                        if not head:
                            break
                        status = int(head[9:12])
                        self.statuses[status] = self.statuses.get(status, 0) + 1
                        if status in (429, 503) and b"Retry-After:" not in head:
                            self.without_retry += 1
                        if b"Connection: close" in head:
                            break
            except OSError:
                self.statuses[0] = self.statuses.get(0, 0) + 1


def peak_resident(process):
    with open(f"/proc/{process}/status", encoding="ascii") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def test_stays_up_and_healthy_when_far_too_much_is_asked():
    requests = [request(json.dumps([station(first * BATCH + i, first) for i in range(BATCH)]).encode())
                for first in range(8)]
    with cityloom.folder() as folder, Server(folder + "/data", "--memory", str(MEMORY)) as server:
        client = server.client(5)
        expect_equal(client.ask("POST", "/ngsi-ld/v1/entities", station(-1, 0)).status, 201, "create")
        until = time.monotonic() + SECONDS
        floods = [Flood(server.port, requests, until) for _ in range(CLIENTS)]
        for flood in floods:
            flood.start()
        slowest, asked, urgent = 0.0, 0, {}
        while time.monotonic() < until:
            start = time.monotonic()
            expect_equal(client.ask("GET", "/health").status, 200, "health")
            slowest = max(slowest, time.monotonic() - start)
            asked += 1
            answer = client.ask("PATCH", "/ngsi-ld/v1/entities/urn:ngsi-ld:Station:-1/attrs/pm25", {"value": asked},
                                {"Priority": "u=0"})
            urgent[answer.status] = urgent.get(answer.status, 0) + 1
            if answer.status != 204 and len(urgent) == 2 and urgent[answer.status] == 1:
                print(answer.body)
            time.sleep(0.05)
        for flood in floods:
            flood.join(60)
        statuses = {}
        for flood in floods:
            for status, count in flood.statuses.items():
                statuses[status] = statuses.get(status, 0) + count
        print(f"batches by status {statuses}, urgent {urgent}, health {asked} times, slowest {slowest:.3f} s, "
              f"peak {peak_resident(server.process.pid) / 1e6:.0f} MB")
        expect(slowest < 1.0, f"health took {slowest:.3f} s")
        expect_equal(set(urgent), {204}, "what is urgent")
        expect(statuses.get(201, 0) + statuses.get(204, 0) > 0, "no batch was taken")
        expect(set(statuses) <= {201, 204, 429, 503}, f"other answers: {statuses}")
        expect_equal(sum(flood.without_retry for flood in floods), 0, "refusals without Retry-After")
        expect(peak_resident(server.process.pid) < MEMORY, f"{peak_resident(server.process.pid)} bytes resident")
        kept = client.ask("GET", "/ngsi-ld/v1/entities/urn:ngsi-ld:Station:-1?options=keyValues")
        expect_equal(kept.json()["pm25"], asked, "the last urgent write")
        expect_equal(server.stop(), 0, "code at the end")


cityloom.run_tests(globals())
