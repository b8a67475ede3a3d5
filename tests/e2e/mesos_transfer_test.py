"""The zone of a Mesos cluster as secondaries take it, while its tasks come and go."""

import itertools
import random
import unittest

import mesos_master as mesos
from harness import run, wait_until
from mesos_test import WithMesos

ALLOW = 'allow_transfer = ["127.0.0.0/8"]'


def read(text):
    """Records in their order; TTLs and classes left out."""
    rows = []
    for line in text.splitlines():
        if line and not line.startswith(";"):
            owner, _, _, kind, data = line.split(None, 4)
            rows.append((owner.lower(), kind, " ".join(data.split())))
    return rows


class Transfers(WithMesos):
    def axfr(self, server):
        rows = read(run("dig", f"@{server.dns[0]}", "-p", server.dns[1], "+noall", "+answer", "+time=10", "mesos", "AXFR").out)
        self.assertGreater(len(rows), 2)
        self.assertEqual((rows[0][1], rows[0]), ("SOA", rows[-1]), "whole: from a SOA to the same")
        self.assertEqual(len(rows) - 1, len(set(rows)), "each record once")
        return set(rows)

    def ixfr(self, server, base):
        """The zone after the differences since `base`; whether that took differences, a whole zone, or nothing."""
        soa = next(row for row in base if row[1] == "SOA")
        serial = soa[2].split()[2]
        done = run("kdig", f"@{server.dns[0]}", "-p", server.dns[1], "+noall", "+answer", "mesos", f"IXFR={serial}")
        rows = read(done.out)
        self.assertEqual(rows[0][1], "SOA", done.out)
        if len(rows) == 1:
            return base, "nothing"
        if rows[1][1] != "SOA":
            return set(rows), "whole"
        now, removes = set(base), False
        for row in rows[1:-1]:
            if row[1] == "SOA":
                removes = not removes
            if removes:
                self.assertIn(row, now, "only what is there is removed")
                now.remove(row)
            else:
                now.add(row)
        return now, "differences"

    def test_transfers_while_tasks_come_and_go(self):
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        master = self.master()
        for number in range(20):
            self.task(f"app{number % 5}.{number}", f"app{number % 5}", number % 2, ports=[31000 + number])
        server = self.serve(master, zones=ALLOW)
        wait_until("all are there", lambda: len(self.addresses(server, "_app0._tcp.marathon.mesos", "SRV")) == 4)
        zone, ways = self.axfr(server), []
        for number in itertools.count(20):
            if number == 80:
                break
            with self.subTest(seed=seed, number=number):
                if chance.random() < 0.6:
                    master.add_task(self.marathon, mesos.Task(f"app{number % 5}.{number}", f"app{number % 5}",
                                                              self.agent(number % 2), ports=[31000 + number]))
                else:
                    victim = chance.choice(list(self.marathon.tasks.values()))
                    master.update_task(self.marathon, victim, state="TASK_KILLED")
                zone, way = self.ixfr(server, zone)
                ways.append(way)
                if number % 10 == 0:
                    self.axfr(server)
        ports = sorted(task.ports[0] for task in self.marathon.tasks.values() if task.name == "app0")
        wait_until("the last change", lambda: sorted(
            int(data.split()[2]) for data in self.addresses(server, "_app0._tcp.marathon.mesos", "SRV")) == ports)

        def agree():
            nonlocal zone
            zone, _ = self.ixfr(server, zone)
            return zone == self.axfr(server)
        wait_until("what the differences make is what is transferred", agree)
        self.assertNotIn("whole", ways)
        self.assertIn("differences", ways)

    def test_every_door_tells_the_same(self):
        """What is transferred is what is answered over UDP and TCP, and what the API of Mesos-DNS tells."""
        for number in range(30):
            discovery = {"name": f"d{number}", "visibility": "CLUSTER", "ports": {"ports": [
                {"number": 8000 + number, "name": "http", "protocol": "tcp"}, {"number": 53, "protocol": "udp"}]}}
            self.task(f"app{number % 3}.{number}", f"app{number % 3}", number % 2, ports=[31000 + number, 32000 + number],
                      address=f"10.9.0.{number}" if number % 4 == 0 else None, discovery=discovery if number % 5 == 0 else None)
        server = self.serve(self.master(streams=False), zones=ALLOW)
        self.until(server, "d25.marathon.mesos", ["10.0.1.11"])
        told = {}
        for owner, kind, data in self.axfr(server):
            told.setdefault((owner, kind), []).append(data)
        self.assertGreater(len(told), 100)
        for (owner, kind), data in told.items():
            for way in ("+tcp", "+notcp"):
                self.assertEqual(sorted(server.dig(owner, kind, "+norec", way).data()), sorted(data), (owner, kind, way))
        listed = server.api("GET", "/v1/axfr").json()["Records"]
        of_kind = lambda kind: {owner: sorted(data) for (owner, one), data in told.items() if one == kind}
        ports = {owner: sorted(f"{one.split()[3]}:{one.split()[2]}" for one in data) for owner, data in of_kind("SRV").items()}
        self.assertEqual({owner: sorted(data) for owner, data in listed["As"].items()}, of_kind("A"))
        self.assertEqual({owner: sorted(data) for owner, data in listed["SRVs"].items()}, ports)

    def test_strangers_get_nothing(self):
        server = self.serve(self.master())
        self.assertIn("Transfer failed", run("dig", f"@{server.dns[0]}", "-p", server.dns[1], "mesos", "AXFR").out)


if __name__ == "__main__":
    unittest.main()
