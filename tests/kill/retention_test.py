# A run of retention over kills: it goes on with each start, and at every moment the days of what it thins come to what
# they came to before it. In the end all is thinned, the log tells of each instance that is gone, and the record folds
# again to the same. Environment: CITYLOOM_LIVES (default 8), CITYLOOM_SEED.
import os
import random
import time

import cityloom
from cityloom import Server, expect, expect_equal

TEMPORAL = "/ngsi-ld/v1/temporal/entities"
LIVES = int(os.environ.get("CITYLOOM_LIVES") or 8)
SEED = int(os.environ.get("CITYLOOM_SEED") or time.time())
SENSORS, DAYS, EVERY_S = 40, 4, 20
RULE = {"types": ["Gauge"], "steps": [{"after": "P30D", "keep": "PT1H"}], "active": True}


def entity_id(number):
    return f"urn:ngsi-ld:Gauge:{number}"


def table(number):
    lines = ["id,type,observedAt,level"]
    for i in range(DAYS * 86400 // EVERY_S):
        day, second = 1 + i * EVERY_S // 86400, i * EVERY_S % 86400
        at = f"2024-01-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        lines.append(f"{entity_id(number)},Gauge,{at},{(i * 7 + number) % 50 / 2}")
    return "\n".join(lines) + "\n"


def days(client, number):
    answer = client.ask("GET", f"{TEMPORAL}/{entity_id(number)}?options=aggregatedValues&aggrPeriodDuration=P1D"
                               "&aggrMethods=avg,min,max,sum,totalCount&timerel=after&timeAt=2023-12-31T00:00:00Z")
    expect_equal(answer.status, 200, "days")
    return answer.json()["level"]


def check(server, before):
    client = server.client()
    for number in range(SENSORS):
        expect_equal(days(client, number), before[number], f"days of {number}")


def gone(client, number):
    log = client.ask("GET", f"/api/retention/log?id={entity_id(number)}&limit=1000").json()
    return sum(one["instances"] for one in log["thinned"])


def test_a_run_of_retention_over_kills():
    chance = random.Random(SEED)
    print(f"seed {SEED}, {LIVES} lives")
    with cityloom.folder() as folder:
        data = folder + "/data"
        with Server(data) as server:
            client = server.client()
            for number in range(SENSORS):
                answer = client.ask("POST", "/api/observations", table(number), {"Content-Type": "text/csv"})
                expect_equal(answer.status, 200, "load")
            before = [days(client, number) for number in range(SENSORS)]
            expect_equal(client.ask("PUT", "/api/retention/rules/gauges", RULE).status, 201, "rule")
            server.kill()
        for _ in range(LIVES):
            with Server(data) as server:
                time.sleep(chance.uniform(0.05, 0.8))
                check(server, before)
                server.kill()
        with Server(data) as server:
            client = server.client()
            cityloom.wait_until("the run is over", lambda: client.ask("GET", "/api/retention").json()["run"]["state"] == "ended",
                                timeout=120)
            check(server, before)
            each = DAYS * 86400 // EVERY_S - DAYS * 24
            for number in range(SENSORS):
                expect_equal(gone(client, number), each, "instances that the log tells of")
            preview = client.ask("POST", "/api/retention/preview").json()
            expect(all(one["instances"] == 0 for one in preview["rules"]), preview)
            expect_equal(server.stop(), 0, "code at the end")


cityloom.run_tests(globals())
