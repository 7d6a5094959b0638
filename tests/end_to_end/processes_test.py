# Models as processes (OGC API - Processes 1.0): asked, waited for, dismissed; crashing, hanging, hungry for memory; over a
# kill of the server; a flood on a branch of the city.
import json
import os
import signal
import urllib.parse

import cityloom
from cityloom import SHARED, Server, expect, expect_equal, needs_shared, wait_until

ASYNC = {"Prefer": "respond-async"}


def execute(server, process, inputs, query="", headers=None, **more):
    return server.ask("POST", f"/processes/{process}/execution{query}", {"inputs": inputs, **more}, headers)


def started(server, process, inputs, query="", **more):
    """The id of a job that was accepted."""
    answer = execute(server, process, inputs, query, ASYNC, **more)
    expect_equal(answer.status, 201, answer.body[:400])
    expect_equal(answer.headers["Preference-Applied"], "respond-async", "preference")
    job = answer.json()
    expect(answer.headers["Location"].endswith("/jobs/" + job["jobID"]), "location")
    return job["jobID"]


def job(server, name):
    return server.get("/jobs/" + name).json()


def ended(server, name, timeout=120):
    wait_until(f"{name} ends", lambda: job(server, name)["status"] not in ("accepted", "running"), timeout)
    return job(server, name)


def child_of(server):
    """The process that runs a model for the server, once there is one."""
    def look():
        with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children") as main:
            children = main.read().split()
        for task in os.listdir(f"/proc/{server.process.pid}/task"):
            with open(f"/proc/{server.process.pid}/task/{task}/children") as file:
                children += file.read().split()
        for child in children:
            with open(f"/proc/{child}/cmdline") as words:
                if "run-folder" in words.read():
                    return int(child)
        return None
    return wait_until("a run has a process", look)


def test_processes_are_told_and_run():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        told = [process["id"] for process in server.get("/processes").json()["processes"]]
        expect("echo" in told and "flood" in told and "forecast" in told, f"{told}")
        flood = server.get("/processes/flood").json()
        expect_equal(flood["inputs"]["rain_mm_h"]["x-unit"], "mm/h", "unit")
        expect_equal(flood["inputs"]["cell_m"]["schema"]["default"], 5, "default")
        expect(flood["x-card"]["limits"]["ko"], "card in Korean")
        expect("http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in
               server.get("/conformance").json()["conformsTo"], "conformance")
        document = execute(server, "echo", {"literal": "둘", "number": 2, "object": {"a": [1]}}, response="document").json()
        expect_equal(document, {"literal": "둘", "number": 2, "object": {"value": {"a": [1]}}}, "document")
        raw = execute(server, "echo", {"literal": "둘", "number": 2}, outputs={"literal": {}})
        expect_equal((raw.headers["Content-Type"], raw.body.decode()), ("text/plain; charset=utf-8", "둘"), "raw")
        several = execute(server, "echo", {"literal": "둘", "number": 2})
        expect(several.headers["Content-Type"].startswith("multipart/related"), "several raw outputs are parts")


def test_mistakes_are_told():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        for process, inputs, status, part in [
                ("nothing", {}, 404, "no such process"), ("echo", {"numbre": 1}, 400, "did you mean number?"),
                ("echo", {"number": "x"}, 400, "not a number"), ("echo", {"steps": -1}, 400, "from 0 to 100000"),
                ("flood", {"area": [7.4, 43.7, 7.5, 43.8], "rain_mm_h": -1}, 400, "from 0 to 500 mm/h"),
                ("flood", {"area": [7.4, 43.7, 7.5, 43.8], "rain_mm_h": {"value": 1, "unit": "kg"}}, 400, "give it in mm/h"),
                ("flood", {"area": [7, 43, 8, 44], "cell_m": 0.5}, 413, "smaller area or coarser cells"),
                ("flood", {"terrain": "/etc/passwd"}, 400, "it is sent as it is")]:
            answer = execute(server, process, inputs)
            expect_equal(answer.status, status, answer.body[:300])
            expect(part in answer.body.decode(), f"{part!r} is not in {answer.body}")
        for odd in ({"object": {"href": 1}}, {"object": {"href": "x"}}):
            told = execute(server, "echo", odd, response="document")
            expect_equal(told.json(), {"object": {"value": odd["object"]}}, "an object that looks like a link")
        for sweep, part in (({"network": ["/etc/passwd"]}, "cannot be varied"), ({"area": [[1, 2, 3, 4]]}, "cannot be varied")):
            process = "traffic" if "network" in sweep else "flood"
            answer = execute(server, process, {}, sweep=sweep)
            expect(answer.status == 400 and part in answer.body.decode(), f"{sweep}: {answer.status} {answer.body}")
        started(server, "flood", {"area": {"bbox": [7.4, 43.7, 7.41, 43.71]}, "cell_m": {"value": 50}, "rain_s": None})
        wait_until("it has ended", lambda: server.get("/jobs").json()["jobs"][0]["status"] == "failed")
        told = server.get("/jobs").json()["jobs"][0]
        expect("ground is not known" in told["message"], told["message"])
        for one in server.get("/jobs").json()["jobs"]:
            server.ask("DELETE", "/jobs/" + one["jobID"])
        for body in ("", "[]", '{"inputs":[]}', '{"inputs":{},"outputs":{"x":{}}}', '{"inputs":' * 200):
            answer = server.ask("POST", "/processes/echo/execution", body)
            expect(answer.status in (400, 403), f"{body[:40]}: {answer.status}")
        expect_equal(server.get("/jobs/job-00000099").json()["type"].rsplit("/", 1)[1], "no-such-job", "type")
        expect_equal(server.get("/jobs").json()["jobs"], [], "nothing was started")


def test_a_job_is_watched_and_dismissed():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        first, second = (started(server, "echo", {"steps": 5_000}) for _ in range(2))
        wait_until("it tells how far it is", lambda: job(server, first)["progress"] > 0)
        expect_equal(job(server, second)["status"], "accepted", "the second waits")
        expect_equal(server.get(f"/jobs/{first}/results").json()["type"].rsplit("/", 1)[1], "result-not-ready", "type")
        child = child_of(server)
        expect_equal(server.ask("DELETE", "/jobs/" + first).json()["status"], "dismissed", "status")
        expect_equal(ended(server, first)["status"], "dismissed", "status")
        wait_until("its process has ended", lambda: not os.path.exists(f"/proc/{child}"))
        expect_equal(server.ask("DELETE", "/jobs/" + second).status, 200, "the second too")
        wait_until("it is gone", lambda: server.get("/jobs/" + second).status in (404, 200))
        listed = [one["jobID"] for one in server.get("/jobs?status=dismissed").json()["jobs"]]
        expect(first in listed, f"{listed}")


def test_a_sweep_runs_every_combination():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        told = execute(server, "echo", {"steps": 1}, sweep={"number": [1, 2, 3]}, members=2, response="document").json()
        expect_equal([run["inputs"]["number"] for run in told["runs"]], [1, 1, 2, 2, 3, 3], "runs")
        expect_equal(told["summary"]["value"]["number"]["p50"], 2, "summary")
        expect_equal(server.get("/jobs?branch=main").json()["jobs"][0]["processID"], "echo", "jobs of main")


def test_a_crash_a_hang_and_hunger_harm_nobody():
    with cityloom.folder() as folder:
        with open(folder + "/set.yaml", "w") as file:
            file.write("models:\n  seconds: 3\n  memory_bytes: 67108864\n")
        with Server(folder + "/data", "--config", folder + "/set.yaml") as server:
            crashed = started(server, "echo", {"steps": 200})
            os.kill(child_of(server), signal.SIGSEGV)
            told = ended(server, crashed)
            expect_equal(told["status"], "failed", "status")
            expect("Segmentation fault" in told["message"], told["message"])
            hanging = started(server, "echo", {"steps": 200})
            os.kill(child_of(server), signal.SIGSTOP)
            told = ended(server, hanging)
            expect("longer than 3 s" in told["message"], told["message"])
            expect_equal(server.get(f"/jobs/{hanging}/results").status, 504, "results")
            hungry = started(server, "echo", {"object": {"list": [1] * 2_500_000}})
            told = ended(server, hungry)
            expect("more memory than a run may have" in told["message"], told["message"])
            expect_equal(execute(server, "echo", {"literal": "well"}, outputs={"literal": {}}).body, b"well", "afterwards")
            expect_equal(server.get("/health").status, 200, "health")


def test_a_run_goes_on_after_a_kill():
    with cityloom.folder() as folder:
        with Server(folder + "/data") as server:
            name = started(server, "echo", {"steps": 150, "number": 1}, seed=9)
            waiting = started(server, "echo", {"steps": 1, "number": 2})
            child = child_of(server)
            server.kill()
        wait_until("its process has ended too", lambda: not os.path.exists(f"/proc/{child}"))
        with Server(folder + "/data") as server:
            expect_equal(ended(server, name)["status"], "successful", "status")
            expect_equal(ended(server, waiting)["status"], "successful", "status")
            again = execute(server, "echo", {"steps": 150, "number": 1}, seed=9, response="document").json()
            server_said = server.get(f"/jobs/{name}/results").body.decode()
            expect(str(again["counted"]) in server_said, "the same comes of the same")


def test_a_launcher_runs_it_elsewhere():
    with cityloom.folder() as folder:
        with open(folder + "/launch", "w") as file:
            file.write(f'#!/bin/sh\necho "$@" >> {folder}/launched\nexec "$@"\n')
        os.chmod(folder + "/launch", 0o755)
        with open(folder + "/set.yaml", "w") as file:
            file.write(f"models:\n  launcher: {folder}/launch\n")
        with Server(folder + "/data", "--config", folder + "/set.yaml") as server:
            expect_equal(execute(server, "echo", {"literal": "x"}, outputs={"literal": {}}).body, b"x", "answer")
            with open(folder + "/launched") as file:
                expect("model run-folder" in file.read(), "it was launched so")


def import_file(server, *path):
    path = needs_shared(os.path.join(SHARED, *path) if SHARED else "")
    with open(path, "rb") as file:
        answer = server.ask("POST", "/api/import?name=" + os.path.basename(path), file.read(),
                            {"Content-Type": "application/octet-stream"}, timeout=120)
    expect_equal(answer.status, 200, answer.body[:300])


def test_a_flood_on_a_branch():
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        import_file(server, "monaco", "N43E007.hgt.zip")
        import_file(server, "monaco", "monaco.osm.pbf")
        expect_equal(server.ask("POST", "/api/branches", {"name": "storm"}).status, 201, "branch")
        inputs = {"area": [7.418, 43.731, 7.424, 43.735], "cell_m": 10, "duration_s": 900, "rain_s": 600}
        expect_equal(ended(server, started(server, "flood", {**inputs, "area": [3, 43.73, 3.01, 43.74]}))["status"],
                     "failed", "where no ground is known")
        runs = [started(server, "flood", inputs, "?branch=storm", response="document") for _ in range(2)]
        for run in runs:
            expect_equal(ended(server, run)["status"], "successful", json.dumps(job(server, run)))
        results = [server.get(f"/jobs/{run}/results").json() for run in runs]
        expect(results[0]["buildings_wet"] > 10 and results[0]["deepest_m"] > 0.1, f"{results[0]}")
        expect(abs(results[0]["audit"]["value"]["relative_error"]) < 1e-10, "no drop is lost")
        maps = [server.get(urllib.parse.urlparse(result["depth_max"]["href"]).path).body for result in results]
        expect(maps[0] == maps[1] and maps[0][:2] == b"II", "the same in, the same out, to the bit")
        wet = "/ngsi-ld/v1/entities?type=Building&q=floodDepthMax%3E0.1&limit=1&count=true"
        there = server.get(wet + "&branch=storm")
        expect_equal(there.headers["NGSILD-Results-Count"], str(results[0]["buildings_wet"]), "buildings with the fact")
        fact = there.json()[0]["floodDepthMax"]
        expect_equal(fact["modelRun"]["object"], "urn:ngsi-ld:ModelRun:" + runs[1], "provenance")
        run = server.get(f"/ngsi-ld/v1/entities/urn:ngsi-ld:ModelRun:{runs[1]}?branch=storm").json()
        expect_equal((run["model"]["value"], run["modelVersion"]["value"]), ("flood", "1.0.0"), "the run")
        expect(run["inputsOffset"]["value"] > 0, "offset")
        expect_equal(server.get(wet).headers["NGSILD-Results-Count"], "0", "on main nothing is said of it")
        layers = [layer["id"] for layer in server.get("/api/rasters?branch=storm").json()["rasters"]]
        expect(results[0]["depth_max"]["layer"] in layers, f"{layers}")


cityloom.run_tests(globals())
