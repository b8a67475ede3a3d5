"""A server that was stopped for a while expires nobody: nobody could have renewed."""

import signal
import time
import unittest

from harness import EndToEnd, wait_until

PAUSE_SECONDS = 10
LEASE_SECONDS = 6


class Pause(EndToEnd):
    def records(self, server, number):
        """How many the service has. Nothing is started for it, so that it takes less than a lease however busy the machine is."""
        asker = server.asker(f"s{number}.svc.internal")
        try:
            return asker.ask()[1]
        finally:
            asker.close()

    def test_sigstop_for_ten_seconds_expires_nobody(self):
        server = self.start("[registry.protection]\nmax_expired_ratio = 1\n", store="memory")
        for i in range(20):
            server.register(f"s{i}", "a", {"address": "127.0.0.11", "port": 80, "lease": f"{LEASE_SECONDS}s"}, generation=1)
        server.signal(signal.SIGSTOP)
        time.sleep(PAUSE_SECONDS)
        server.signal(signal.SIGCONT)
        resumed = time.monotonic()
        self.assertEqual([i for i in range(20) if not self.records(server, i)], [])
        kept = range(10)
        for i in kept:
            reply = server.api("POST", f"/api/v1/services/s{i}/instances/a/heartbeat", {"generation": 1})
            self.assertEqual(reply.status, 200, reply.text)
        # Their leases go on where they stood: those that stay silent are gone, one lease later at most.
        wait_until("the silent ones are gone", lambda: self.records(server, 19) == 0)
        took = time.monotonic() - resumed
        print(f"\nleases of {LEASE_SECONDS} s, stopped for {PAUSE_SECONDS} s: the silent ones gone {took:.2f} s after it went on")
        self.assertLess(took, LEASE_SECONDS + 2)


if __name__ == "__main__":
    unittest.main()
