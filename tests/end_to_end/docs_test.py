# The commands of the pages for users work as they stand there: every block marked sh, page by page, each against a server
# of its own.
import os
import re
import shutil
import subprocess

import cityloom
from cityloom import Server, expect_equal

PAGES = ("tutorial", "entities", "queries", "temporal", "subscriptions", "federation", "contexts", "data-models", "retention", "sensorthings", "ogc",
         "beside-another-broker")
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```", re.S | re.M)
# A request that is refused, or a program that fails, ends the page.
HEAD = """set -euo pipefail
curl() { command curl -sS --fail-with-body "$@"; }
"""
# Not for here: starting the server, a broker that is not there, programs that may not be installed.
NOT_HERE = re.compile(r"^\./run|\bbroker\.example:1026/|orion\.example", re.M)
# What a page takes to be there.
THERE = {"ogc": {"id": "urn:ngsi-ld:Building:1", "type": "Building", "category": "apartments", "location": {"type": "Point", "coordinates": [127.1, 37.51]}},
         "retention": {"id": "urn:ngsi-ld:AirQualityObserved:1", "type": "AirQualityObserved", "pm25": 12}}
MAY_LACK = ("ogrinfo", "ogr2ogr")


def commands_of(page):
    with open(os.path.join(cityloom.ROOT, "docs", page + ".md")) as f:
        blocks = [re.sub("^" + indent, "", text, flags=re.M) for indent, text in BLOCK.findall(f.read())]
    lines = "\n".join(block for block in blocks if not NOT_HERE.search(block)).splitlines()
    return [line for line in lines if shutil.which(line.split(" ")[0]) or line.split(" ")[0] not in MAY_LACK]


def test_the_commands_of_the_pages_work():
    for page in PAGES:
        with cityloom.folder() as folder, Server(folder + "/data") as server:
            if page in THERE:
                expect_equal(server.ask("POST", "/ngsi-ld/v1/entities", THERE[page]).status, 201, "what the page is about")
            text = HEAD + "\n".join(commands_of(page)).replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace("localhost:8080", f"127.0.0.1:{server.port}")
            done = subprocess.run(["bash", "-x", "-c", text], capture_output=True, timeout=120, cwd=folder)
            said = done.stderr.decode().splitlines()
            expect_equal(done.returncode, 0, f"{page}.md: {' | '.join(said[-3:])}: {done.stdout.decode()[-600:]}")
            print(f"# {page}.md: {sum(line.lstrip('+ ').startswith('command curl') for line in said)} requests")


cityloom.run_tests(globals())
