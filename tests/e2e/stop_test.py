"""The end of musterd at awkward moments: half a start, a dump under way, a second signal."""

import os
import resource
import signal
import socket
import subprocess
import threading
import unittest

from harness import ADDRESS, BIN, EndToEnd, run, wait_until

BIG_ZONE = """\
$TTL 300
@    SOA ns1 hostmaster 1 3600 600 86400 60
     NS  ns1
ns1  A   127.0.0.53
$GENERATE 1-65536 a$ A 192.0.2.1
$GENERATE 1-65536 b$ A 192.0.2.1
"""
BIG = '[[zones.file]]\nname = "example.test."\nfile = "example.test.zone"\n'
LONELY = 54321  # no process but those of this test runs as this user


@unittest.skipUnless(os.geteuid() == 0, "becomes another user")
class NoMoreThreads(EndToEnd):
    """A start that is refused a thread, whichever it is, is an error in words and no crash."""

    def limited(self, most):
        def limit():
            os.setgroups([])
            os.setgid(LONELY)
            os.setuid(LONELY)
            resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
        return limit

    def test_whichever_thread_is_refused(self):
        os.chown(self.folder, LONELY, LONELY)
        self.configuration()
        refused = 0
        for most in range(1, 40):
            with self.subTest(threads=most):
                child = subprocess.Popen(
                    [BIN / "musterd", "--config", "musterd.toml", "--set", "dns.udp_threads=2"], cwd=self.folder,
                    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, preexec_fn=self.limited(most))
                self.addCleanup(child.stderr.close)
                self.addCleanup(child.kill)
                lines = []
                for line in child.stderr:
                    lines.append(line)
                    if " serving " in line:
                        break
                # The last threads start after that line.
                serves = " serving " in lines[-1] if lines else False
                if serves:
                    try:
                        child.wait(0.5)
                    except subprocess.TimeoutExpired:
                        child.terminate()
                        self.assertEqual(child.wait(30), 0)
                        self.assertGreater(refused, 3, "else no start was refused a thread and this test shows nothing")
                        return
                self.assertEqual(child.wait(30), 1, "".join(lines))
                refused += 1
        self.fail("40 threads are not enough")


class Stop(EndToEnd):
    def get(self, server):
        """A GET of the big zone whose reply nobody takes."""
        client = socket.create_connection(server.http)
        self.addCleanup(client.close)
        client.sendall(b"GET /api/v1/zones/example.test. HTTP/1.1\r\nHost: x\r\n\r\n")
        return client

    def metric(self, server, name):
        page = server.api("GET", "/metrics").text
        return [float(line.split()[-1]) for line in page.splitlines() if line.startswith(name)][0]

    def test_few_dumps_wait_and_the_rest_is_refused(self):
        self.write("example.test.zone", BIG_ZONE)
        server = self.start(BIG, store="memory")
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(server.api("GET", "/api/v1/zones/example.test.")))
                   for _ in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [reply for reply in replies if reply.status == 503]
        self.assertEqual({reply.status for reply in replies}, {200, 503})
        self.assertEqual({reply.headers["Retry-After"] for reply in refused}, {"1"})
        self.assertEqual({reply.json()["error"] for reply in refused}, {"out_of_capacity"})
        self.assertEqual(self.metric(server, 'muster_limit_reached_total{limit="zone_dumps"}'), len(refused))
        self.assertEqual({reply.text.count("\n") for reply in replies if reply.status == 200}, {131075})
        self.assertEqual(server.stop(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                server = self.start()
                server.register("web", "i1", {"address": "127.0.0.11", "port": 80, "lease": "1h"})
                # A body that does not come keeps a request in flight, so that the first signal has to wait.
                client = socket.create_connection(server.http)
                self.addCleanup(client.close)
                client.sendall(b"PUT /api/v1/services/web/instances/i2 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                wait_until("the request is there", lambda: self.metric(server, "muster_http_connections ") >= 2)
                server.signal(signal.SIGTERM)
                wait_until("the stop began", lambda: " stopping" in server.err)
                server.signal(number)
                self.assertEqual(server.wait(5), -number)
                self.assertNotIn(" stopped", server.err)
                server = self.again()
                self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"], "what was acknowledged is stored")
                server.kill()


if __name__ == "__main__":
    unittest.main()
