"""Many bad peers at once over TCP (RFC 7766 §6.2, 9210 §4): they cost bounded memory and few descriptors, the server goes
on, and others are answered as soon as before."""

import contextlib
import os
import pathlib
import re
import resource
import socket
import statistics
import struct
import time
import unittest
import urllib.request

import wire

SERVICE = """[[source.static]]
service = "web"
instances = [{ id = "i1", address = "10.0.0.7", port = 80 }]
"""
QUERY = wire.query("web.svc.internal.", "A")
CONNECTIONS = 300  # the server's limit
ATTEMPTS = 1000
DESCRIPTORS = 4096
MIB = 1024
GROWTH_MOST = 16 * MIB  # KiB, for what bad peers may leave behind
SLOWER_MOST, FLOOR = 10, 0.005  # another order of latency, in seconds where it begins to be one


class Strangers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, DESCRIPTORS)), hard))
        cls.client = cls.enterClassContext(wire.musterd(SERVICE, dns=f'tcp_idle = "3s"\ntcp_connections = {CONNECTIONS}'))
        for _ in range(50):
            cls.client.tcp(QUERY)
        cls.descriptors = cls.count_descriptors()

    @classmethod
    def count_descriptors(cls):
        return len(os.listdir(f"/proc/{cls.client.process.pid}/fd"))

    def setUp(self):
        self.stack = self.enterContext(contextlib.ExitStack())
        self.before = self.latency()
        self.resident = wire.resident_kib(self.client.process)

    def tearDown(self):
        """Whatever happened: all is given back, and the server answers."""
        self.stack.close()
        wire.wait_until("connections are gone", lambda: self.count_descriptors() <= self.descriptors + 2)
        self.assertLess(wire.resident_kib(self.client.process) - self.resident, GROWTH_MOST)
        self.assert_answered()

    def connect(self, receive_octets=None):
        connection = self.stack.enter_context(socket.socket())
        if receive_octets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_octets)
        connection.settimeout(wire.PATIENCE)
        connection.connect((wire.HOST, self.client.port))
        return connection

    def metric(self, name):
        with urllib.request.urlopen(f"http://{wire.HOST}:{self.client.http_port}/metrics") as page:
            return float(re.search(rf"(?m)^{re.escape(name)} (\S+)$", page.read().decode())[1])

    def assert_answered(self):
        with contextlib.closing(self.connect()) as connection:
            wire.send(connection, QUERY)
            for reply in (wire.Reply(wire.receive(connection)), self.client.udp(QUERY)):
                self.assertEqual([record[4] for record in reply.answer], [b"\n\0\0\7"])

    def latency(self):
        """Seconds that a query takes in the middle of many: over UDP, and over a TCP connection of its own."""
        times = {"udp": [], "tcp": []}
        with contextlib.closing(wire.Client(self.client.port)) as asker:
            for _ in range(100):
                for transport, taken in times.items():
                    began = time.perf_counter()
                    self.assertIsNotNone(getattr(asker, transport)(QUERY), transport)
                    taken.append(time.perf_counter() - began)
        return {transport: statistics.median(taken) for transport, taken in times.items()}

    def assert_as_fast_as_before(self):
        for transport, now in self.latency().items():
            self.assertLess(now, SLOWER_MOST * max(self.before[transport], FLOOR), transport)

    def test_200_connections_at_once_are_all_answered(self):
        connections = []
        for _ in range(200):
            connection = self.stack.enter_context(socket.socket())
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                connection.connect((wire.HOST, self.client.port))
            connections.append(connection)
        for connection in connections:
            connection.settimeout(wire.PATIENCE)
            wire.send(connection, QUERY)
        for connection in connections:
            self.assertEqual(wire.Reply(wire.receive(connection)).rcode, 0)
            retried = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
            self.assertEqual(struct.unpack_from("I", retried, 100)[0], 0, "a SYN was lost: the backlog is short")

    def test_1000_attempts_over_the_limit_close_the_oldest_and_serve_the_newest(self):
        full = self.metric('muster_dns_tcp_closed_total{reason="full"}')
        connections = [self.connect() for _ in range(ATTEMPTS)]
        wire.send(connections[-1], QUERY)
        self.assertEqual(wire.Reply(wire.receive(connections[-1])).rcode, 0)
        self.assertLessEqual(self.metric("muster_dns_tcp_connections"), CONNECTIONS)
        self.assertLessEqual(self.count_descriptors(), self.descriptors + CONNECTIONS + 5)
        self.assertGreaterEqual(self.metric('muster_dns_tcp_closed_total{reason="full"}') - full, ATTEMPTS - CONNECTIONS)
        self.assertTrue(wire.is_closed(connections[0]))
        self.assert_as_fast_as_before()

    def test_slow_loris(self):
        message = wire.framed(QUERY)
        slow = [self.connect() for _ in range(CONNECTIONS - 20)]
        began, at = time.monotonic(), 0
        while time.monotonic() - began < 2:  # below the idle time: they are all still there
            for connection in slow:
                connection.send(message[at % (len(message) - 1):][:1])
            at += 1
            self.assert_as_fast_as_before()
        wire.wait_until("octets do not keep a connection", lambda: self.count_descriptors() <= self.descriptors + 5)

    def test_peers_that_do_not_read(self):
        flood = wire.framed(wire.query("svc.internal.", "SOA")) * 4000
        stuck = [self.connect(receive_octets=4096) for _ in range(60)]
        for connection in stuck:
            connection.settimeout(0.05)
            with contextlib.suppress(TimeoutError, ConnectionError):
                for _ in range(50):
                    connection.sendall(flood)
        grown = wire.resident_kib(self.client.process) - self.resident
        self.assertLess(grown, len(stuck) * MIB, "each costs its 256 KiB and what was read ahead")
        self.assertLess(sum(self.unsent()), len(stuck) * MIB * 1024 / 4, "and the kernel holds little")
        self.assert_as_fast_as_before()

    def unsent(self):
        """Octets that the kernel holds for each of the server's connections, sent or not."""
        port = f":{self.client.port:04X}"
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            local, queues = line.split()[1], line.split()[4]
            if local.endswith(port):
                yield int(queues.split(":")[0], 16)

    def test_half_closed_peers(self):
        peers = []
        for sent in (b"", b"\0", wire.framed(QUERY)[:9], wire.framed(QUERY) + b"\0", wire.framed(QUERY) * 3):
            for _ in range(40):
                connection = self.connect()
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                peers.append((connection, sent.count(wire.framed(QUERY))))
        for connection, answers in peers:
            for _ in range(answers):
                self.assertEqual(wire.Reply(wire.receive(connection)).rcode, 0)
            self.assertTrue(wire.is_closed(connection))
        self.assert_as_fast_as_before()

    def test_resets_in_the_middle(self):
        now = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST
        many = wire.framed(wire.query("svc.internal.", "SOA")) * 500
        for sent in (b"", b"\0", wire.framed(QUERY)[:9], wire.framed(QUERY), many, many + b"\0\x30"):
            for _ in range(50):
                connection = self.connect()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                connection.sendall(sent)
                connection.close()
        self.assert_as_fast_as_before()


if __name__ == "__main__":
    unittest.main()
