# The server keeps to its own description: requests made from the schemas of /openapi.json, good ones and broken ones.
import json
import os
import subprocess
import sys

import cityloom
from cityloom import Server, Skip, expect, expect_equal

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
SEED = int(os.environ.get("CITYLOOM_SEED", "1"))
CASES = int(os.environ.get("CITYLOOM_CASES", "12"))
SECONDS = 80


def test_the_server_keeps_to_its_description():
    if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "fast-check")):
        raise Skip("fast-check is not installed: tools/setup test")
    with cityloom.folder() as folder, Server(folder + "/data") as server:
        done = subprocess.run(["node", os.path.join(HERE, "openapi_replay.mjs"), server.url(), str(SEED), str(CASES), str(SECONDS), folder],
                              capture_output=True, timeout=SECONDS + 60)
        said = done.stdout.decode()
        print(f"# {said.splitlines()[-1] if said else ''}")
        expect_equal(done.returncode, 0, f"seed {SEED}:\n{said[-6000:]}{done.stderr.decode()[-2000:]}")
        told = json.loads(said.splitlines()[-1])
        expect(told["operations"] > 120 and told["asked"] > 1000, f"too little was asked: {told}")


cityloom.run_tests(globals())
