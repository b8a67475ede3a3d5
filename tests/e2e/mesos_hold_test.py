"""Tasks that are missing without a reason: after the grace their ports say whether they are gone."""

import socket
import time
import unittest

import mesos_master as mesos
from harness import another_address, wait_until
from mesos_test import WithMesos


class Held(WithMesos):
    def setUp(self):
        super().setUp()
        self.agents = [another_address(100), another_address(101)]
        self.cluster = mesos.Cluster(addresses=self.agents)
        self.marathon = self.cluster.add_framework("marathon")
        self.listeners = {}

    def listener(self, number):
        """A port of the agent at which somebody listens."""
        one = socket.create_server((self.agents[number % 2], 0))
        self.addCleanup(one.close)
        self.listeners[one.getsockname()[1]] = one
        return one.getsockname()[1]

    def ports(self, server):
        return {int(data.split()[2]) for data in self.addresses(server, "_web._tcp.marathon.mesos", "SRV")}

    def test_ports_decide_after_the_grace(self):
        ports = {}
        for number in range(6):
            ports[number] = self.listener(number)
            self.task(f"web.{number}", "web", number % 2, ports=[ports[number]])
        master = self.master(streams=False)
        server = self.serve(master, more='guard_grace = "2s"')
        wait_until("all are there", lambda: self.ports(server) == set(ports.values()))
        gone = {ports[0], ports[1], ports[2]}
        for port in gone:
            self.listeners[port].close()
        master.fault = mesos.body(lambda: self.cluster.state_json(master.address) | {"frameworks": []})
        wait_until("all are held", lambda: self.source(server)["held"] == 6)
        held_at = time.monotonic()
        self.assertEqual(self.ports(server), set(ports.values()))
        wait_until("those whose port refuses are gone", lambda: self.ports(server) == set(ports.values()) - gone)
        self.assertGreater(time.monotonic() - held_at, 1.5, "not before the grace has passed")
        self.assertEqual(self.source(server)["held"], 3)
        until = time.monotonic() + 5  # two probes more
        while time.monotonic() < until:
            self.assertEqual(self.ports(server), set(ports.values()) - gone, "who answers stays")
            time.sleep(0.1)
        last = ports[5]
        for port in {ports[3], ports[4]}:
            self.listeners[port].close()
        wait_until("who stops answering goes", lambda: self.ports(server) == {last})
        master.fault = None
        wait_until("they are listed again", lambda: self.ports(server) == set(ports.values()))
        self.assertEqual(self.source(server)["held"], 0)


if __name__ == "__main__":
    unittest.main()
