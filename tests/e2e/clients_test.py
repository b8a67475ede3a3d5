"""What real clients make of weights: the C library's getaddrinfo, and an HAProxy that reads SRV."""
import os
import unittest

import backend  # noqa: F401
from bench import servers, shares
from harness import BIN, run

CONNECTIONS = 400


class Clients(unittest.TestCase):
    def test_weights_are_kept_to_where_the_setting_fits_the_client(self):
        if run(*shares.apart(), "true").status != 0:
            self.skipTest("no right to make namespaces")
        cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
        found = shares.count(BIN, cpus, cpus, CONNECTIONS)
        for case in shares.CASES:
            with self.subTest(case.text):
                if case.client == shares.HAPROXY and not servers.path_of("haproxy"):
                    self.skipTest("haproxy is not installed")
                counts = found[case.service]
                self.assertEqual(sum(counts), CONNECTIONS)
                if case.holds:
                    self.assertLess(shares.chi_square(counts), shares.CRITICAL, counts)
                elif case.client == shares.GLIBC:
                    self.assertEqual(counts, [0, 0, CONNECTIONS], "it sorts: the setting is what mends it")
                else:
                    self.assertGreater(shares.chi_square(counts), shares.CRITICAL, counts)


if __name__ == "__main__":
    unittest.main()
