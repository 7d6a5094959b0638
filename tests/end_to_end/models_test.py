# Data models against ajv, a checker of JSON Schema that is not ours, on generated schemas and values.
import json
import os
import subprocess
import sys

import cityloom
from cityloom import Server, Skip, expect, expect_equal

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
SEEDS = [int(seed) for seed in os.environ.get("CITYLOOM_SEED", "1,2").split(",")]
SCHEMAS, VALUES = 150, 12


def test_schemas_find_what_ajv_finds():
    if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "ajv")):
        raise Skip("ajv is not installed: tools/setup test")
    with cityloom.folder() as data, Server(data) as server:
        for seed in SEEDS:
            done = subprocess.run(["node", os.path.join(HERE, "models_oracle.mjs"), server.url(), str(seed), str(SCHEMAS), str(VALUES)],
                                  capture_output=True, timeout=300)
            said = done.stdout.decode()
            expect_equal(done.returncode, 0, said[:4000] + done.stderr.decode()[:2000])
            told = json.loads(said.splitlines()[-1])
            expect(told["checked"] >= SCHEMAS * VALUES // 2 and told["valid"] > 100, f"too little was compared: {told}")


cityloom.run_tests(globals())
