# Expansion and compaction of names, against jsonld.js on generated documents.
import json
import os
import subprocess
import sys

import cityloom
from cityloom import Server, Skip, expect, expect_equal

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))
SEEDS = (1, 2, 3)
DOCUMENTS = 150


def test_names_are_expanded_and_compacted_as_jsonld_js_does():
    if not os.path.isdir(os.path.join(cityloom.ROOT, "tests", "node_modules", "jsonld")):
        raise Skip("jsonld is not installed: tools/setup test")
    with cityloom.folder() as data, Server(data) as server:
        for seed in SEEDS:
            done = subprocess.run(["node", os.path.join(HERE, "jsonld_oracle.mjs"), f"http://127.0.0.1:{server.port}", str(seed), str(DOCUMENTS)],
                                  capture_output=True, timeout=300)
            said = done.stdout.decode()
            expect_equal(done.returncode, 0, said[:3000] + done.stderr.decode()[:2000])
            expect(json.loads(said.splitlines()[-1])["checked"] >= DOCUMENTS // 2, "too few documents were taken")


cityloom.run_tests(globals())
