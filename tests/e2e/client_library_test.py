"""The client's header, its Python module and its shell script: on start, while musterd is away, and on stop."""

import os
import signal
import sys
import unittest

from harness import ADDRESS, BIN, SOURCE, EndToEnd, wait_until
from ports import free_port

CLIENT = SOURCE / "tools/client"
PYTHON = """\
import signal, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from muster_registration import Registration
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
with Registration("web", int(sys.argv[2]), tags={"az": "a"}):
    signal.sigwait({signal.SIGTERM})
"""


class Clients(EndToEnd):
    def setUp(self):
        super().setUp()
        self.http = free_port(ADDRESS)
        self.server = self.begin_server()
        self.port = free_port(ADDRESS)

    def begin_server(self):
        return self.start('[zones]\nttl = "1s"\n[registry]\nlease = "3s"\n', "--set", f'http.listen=["{ADDRESS}:{self.http}"]', store="memory")

    def commands(self):
        self.write("client.py", PYTHON)
        return {
            "C++": [BIN / "muster-client-example", "web", self.port],
            "Python": [sys.executable, self.folder / "client.py", CLIENT, self.port],
            "shell": [CLIENT / "register.sh", "web", self.port, "sleep", "600"],
        }

    def instances(self):
        reply = self.server.api("GET", "/api/v1/services/web")
        return reply.json()["instances"] if reply.status == 200 else []

    def answers(self):
        return self.server.dig("_web._tcp.svc.internal", "SRV").data()

    def test_registers_outlives_the_server_drains_and_deregisters(self):
        for name, command in self.commands().items():
            with self.subTest(name):
                client = self.background(name, command, env=self.server.environment())
                wait_until("it is in DNS", self.answers)
                (one,) = self.instances()
                self.assertEqual([port["port"] for port in one["ports"]], [self.port])
                self.assertEqual(one["sources"], ["heartbeat"])

                self.server.signal(signal.SIGKILL)
                self.server.wait()
                self.server = self.begin_server()
                wait_until("a server that has forgotten everything is told", self.answers, seconds=40)

                client.signal(signal.SIGTERM)
                wait_until("it is out of the answers", lambda: not self.answers())
                self.assertIsNotNone(client.wait())
                self.assertEqual(self.instances(), [])

    def test_a_server_that_is_away_at_the_start_is_waited_for(self):
        environment = self.server.environment()
        self.server.stop()
        clients = [self.background(name, command, env=environment) for name, command in self.commands().items()]
        wait_until("the first says so", lambda: "no answer from" in clients[0].err)
        self.server = self.begin_server()
        wait_until("all have come", lambda: len(self.instances()) == len(clients), seconds=60)

    def test_it_drains_before_it_goes(self):
        """With a resolver that may hold the answer the instance stays registered until it cannot any more."""
        for name, command in self.commands().items():
            with self.subTest(name):
                client = self.background(name, command, env=self.server.environment())
                wait_until("it is in DNS", self.answers)
                client.signal(signal.SIGTERM)
                draining = wait_until("it drains", lambda: [one for one in self.instances() if one["draining"]])
                self.assertEqual(draining[0]["draining"]["reason"], "stopping")
                client.wait()
                self.assertEqual(self.instances(), [])

    def test_wrong_options_are_told(self):
        wrong = self.background("wrong", [BIN / "muster-client-example", "web", "0"], env=os.environ)
        self.assertNotEqual(wrong.wait(), 0)
        self.assertIn("port", wrong.err)


if __name__ == "__main__":
    unittest.main()
