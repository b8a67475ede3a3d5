"""kill -9 during a stream of registrations: what was acknowledged is there after the next start, in its order.

MUSTER_CRASH_ROUNDS rounds on one store (10 unless said otherwise); the seed is printed.
"""

import http.client
import os
import random
import signal
import threading
import time
import unittest

from harness import EndToEnd, exchange, wait_until

ROUNDS = int(os.environ.get("MUSTER_CRASH_ROUNDS", "10"))
CONNECTIONS = 6
LEASE_SECONDS = 2


class Writer(threading.Thread):
    """Registers one new instance after the other on one connection until the server dies."""

    def __init__(self, server, name):
        super().__init__(daemon=True)
        self.server, self.name = server, name
        self.acknowledged = []  # (service, id, revision), in the order of the replies
        self.failure = None

    def run(self):
        connection = http.client.HTTPConnection(*self.server.http, timeout=30)
        try:
            for i in range(1_000_000):
                service, instance = f"crash-{i % 7}", f"{self.name}-{i}"
                reply = exchange(connection, "PUT", f"/api/v1/services/{service}/instances/{instance}",
                                 {"generation": 1, "address": "127.0.0.9", "port": 1 + i % 65535, "lease": "1h"})
                if reply.status != 201 or not reply.json()["durable"]:
                    self.failure = str(reply)
                    return
                self.acknowledged.append((service, instance, reply.json()["revision"]))
        except (OSError, http.client.HTTPException, ValueError):
            pass  # killed: what was under way was not acknowledged
        finally:
            connection.close()


class Crash(EndToEnd):
    def stored(self, server):
        """{(service, id): instance} and the order in which each service lists its instances."""
        found, order = {}, {}
        for service in server.api("GET", "/api/v1/services?glob=crash-*").json()["services"]:
            name = service["name"]
            instances = server.api("GET", f"/api/v1/services/{name}").json()["instances"]
            order[name] = [instance["id"] for instance in instances]
            found |= {(name, instance["id"]): instance for instance in instances}
        return found, order

    def serial(self, server):
        return int(server.dig("svc.internal", "SOA").answer[0].data.split()[2])

    def test_nothing_acknowledged_is_lost(self):
        seed = int(os.environ.get("MUSTER_SEED", random.SystemRandom().randrange(2**32)))
        print(f"\n{ROUNDS} rounds, seed {seed} (MUSTER_SEED)")
        chance = random.Random(seed)
        server = self.start("[registry.protection]\nmax_expired_ratio = 1\n")
        acknowledged, order = {}, {}
        for round_number in range(ROUNDS):
            writers = [Writer(server, f"r{round_number}c{c}") for c in range(CONNECTIONS)]
            for writer in writers:
                writer.start()
            wait_until("registrations under way", lambda: sum(len(w.acknowledged) for w in writers) > 20)
            time.sleep(chance.uniform(0, 0.3))
            serial = self.serial(server)
            server.signal(signal.SIGKILL)
            server.wait()
            for writer in writers:
                writer.join()
                self.assertIsNone(writer.failure)
                acknowledged |= {(service, instance): revision for service, instance, revision in writer.acknowledged}
            highest = max(acknowledged.values())

            server = self.again()
            found, listed = self.stored(server)
            lost = [key for key in acknowledged if key not in found]
            self.assertEqual(lost, [], f"round {round_number}: acknowledged and lost")
            states = {instance["lease"]["state"] for instance in found.values()}
            self.assertEqual(states, {"recovered"})
            for name, ids in listed.items():
                known = [i for i in ids if i in set(order.get(name, []))]
                self.assertEqual(known, order.get(name, []), f"round {round_number}: order of registration in {name}")
                self.assertEqual(self.in_order(writers, name), [i for i in ids if i in set(self.in_order(writers, name))])
            order = listed
            self.assertGreater(int(server.api("GET", "/api/v1/services").headers["Muster-Revision"]), highest)
            self.assertGreaterEqual(self.serial(server), serial)
            self.assertEqual(self.start_line_rows_at_least(server, len(found)), True)
        print(f"{len(acknowledged)} acknowledged registrations, none lost")

    def in_order(self, writers, service):
        revised = sorted((revision, i) for w in writers for s, i, revision in w.acknowledged if s == service)
        return [i for _, i in revised]

    def start_line_rows_at_least(self, server, count):
        return int(server.err.split("rows=")[1].split()[0]) >= count


class Recovered(EndToEnd):
    def test_answered_at_once_and_gone_one_lease_later(self):
        server = self.start()
        grant = server.register("web", "i1", {"address": "127.0.0.11", "port": 80, "lease": f"{LEASE_SECONDS}s"}, generation=9)
        server.register("web", "i2", {"address": "127.0.0.12", "port": 80, "lease": "1h"}, generation=9)
        server.register("out", "o1", {"address": "127.0.0.13", "port": 80})
        self.assertTrue(server.api("DELETE", "/api/v1/services/out/instances/o1").json()["existed"])
        server.signal(signal.SIGKILL)
        server.wait()
        time.sleep(LEASE_SECONDS + 0.5)  # longer than the lease: the time without a server does not count

        started = time.monotonic()
        server = self.begin("--config", self.folder / "musterd.toml").serving()
        serving = time.monotonic()
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11", "127.0.0.12"])
        self.assertEqual(server.dig("out.svc.internal").answer, [])
        instance = server.api("GET", "/api/v1/services/web/instances/i1").json()
        self.assertEqual((instance["lease"]["state"], instance["generation"]), ("recovered", 9))
        self.assertGreater(int(server.api("GET", "/api/v1/services").headers["Muster-Revision"]), grant["revision"])

        heartbeat = server.api("POST", "/api/v1/services/web/instances/i2/heartbeat", {"generation": 9})
        self.assertEqual(heartbeat.json()["lease"]["state"], "live")
        asker = server.asker("web.svc.internal")
        self.addCleanup(asker.close)
        wait_until("i1 gone", lambda: asker.ask() == (0, 1))
        gone = time.monotonic()
        print(f"\nrecovered with a lease of {LEASE_SECONDS} s: gone {gone - serving:.3f} s after serving")
        self.assertGreaterEqual(gone - started, LEASE_SECONDS)
        self.assertLess(gone - serving, LEASE_SECONDS + 2)
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.12"])


if __name__ == "__main__":
    unittest.main()
