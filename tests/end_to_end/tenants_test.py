# What a tenant owes its subscribers is delivered after a crash, before anybody names the tenant again.
import http.server
import json
import threading

import cityloom
from cityloom import Server, entity, expect, expect_equal, free_port, wait_until

SECOND = {"NGSILD-Tenant": "second"}


class Endpoint:
    """Keeps what it is told."""

    def __init__(self, port):
        told = self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def test_a_tenant_keeps_its_word_after_a_crash():
    port = free_port()
    subscription = {"id": "urn:ngsi-ld:Subscription:1", "type": "Subscription", "entities": [{"type": "Probe"}],
                    "notification": {"endpoint": {"uri": f"http://127.0.0.1:{port}/told"}}}
    with cityloom.folder() as folder:
        with Server(folder + "/data") as server:
            made = server.ask("POST", "/ngsi-ld/v1/subscriptions", subscription, SECOND)
            expect_equal(made.status, 201, "subscription")
            expect_equal(server.ask("POST", "/ngsi-ld/v1/entities", entity(1), SECOND).status, 201, "create")
            server.kill()  # nobody listens yet: the notification is owed
        endpoint = Endpoint(port)
        with Server(folder + "/data"):
            wait_until("the notification comes", lambda: endpoint.told)
        endpoint.close()
        expect_equal(endpoint.told[0]["data"][0]["id"], "urn:ngsi-ld:Probe:1", "entity")


def test_a_tenant_that_cannot_be_opened_keeps_nobody_from_starting():
    with cityloom.folder() as folder:
        with Server(folder + "/data") as server:
            expect_equal(server.ask("POST", "/ngsi-ld/v1/entities", entity(1), SECOND).status, 201, "create")
            expect_equal(server.stop(), 0, "code")
        with open(folder + "/data/tenants/second/CURRENT", "w") as current:
            current.write("MANIFEST-nothing\n")
        with Server(folder + "/data") as server:
            server.expect_error_line("tenant second cannot be opened")
            expect_equal(server.get("/ngsi-ld/v1/types").status, 200, "the default tenant")
            answer = server.ask("GET", "/ngsi-ld/v1/types", headers=SECOND)
            expect(answer.status >= 500, f"the second tenant: {answer.status}")


cityloom.run_tests(globals())
