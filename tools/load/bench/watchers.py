"""When a thousand readers of GET /watch know of a change, and how late leases end."""
import http.client
import json
import re
import resource
import selectors
import socket
import time
import urllib.request

from . import process, workload
from .judge import Range
from .tables import table
from .writes import Musterd

PATIENCE_SECONDS = 30


class Crowd:
    """Many open streams of one service, read by one thread."""

    def __init__(self, port, service, size):
        raise_descriptor_limit(size + 100)
        self._selector = selectors.EpollSelector()
        self._sockets = []
        for _ in range(size):
            reader = socket.create_connection(("127.0.0.1", port))
            reader.sendall(f"GET /api/v1/watch?service={service} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            reader.setblocking(False)
            self._selector.register(reader, selectors.EVENT_READ)
            self._sockets.append(reader)
        self.moments(b"event: synced")

    def moments(self, what):
        """When each reader had been told `what`, the first one first."""
        seen, tails, moments = set(), {}, []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(seen) < len(self._sockets):
            if time.monotonic() > deadline:
                raise process.Failed(f"{len(self._sockets) - len(seen)} watchers were not told {what.decode()}")
            for key, _ in self._selector.select(1):
                octets = tails.get(key.fd, b"") + key.fileobj.recv(262_144)
                if key.fd not in seen and what in octets:
                    seen.add(key.fd)
                    moments.append(time.monotonic())
                tails[key.fd] = octets[-len(what):]
        return moments

    def close(self):
        for reader in self._sockets:
            reader.close()
        self._selector.close()


def raise_descriptor_limit(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Watchers:
    """One change at a time in a service that everybody watches: from sending it until a reader has it."""

    SIZE, MEMBERS, CHANGES, ROUNDS = 1000, 100, 50, 3

    def __init__(self, options):
        self._options = options
        self.raised = {"http.max_connections": 2 * self.SIZE + 100}
        self.rounds = []

    def run(self):
        with Musterd(self._options, workload.Fleet(1, self.MEMBERS), raised=self.raised) as server:
            crowd = Crowd(server.http_port, "web-0", self.SIZE)
            try:
                self.rounds = [self._round(server.http_port, crowd, number) for number in range(self.ROUNDS)]
            finally:
                crowd.close()

    def _round(self, port, crowd, number):
        writer = http.client.HTTPConnection("127.0.0.1", port)
        first, last = [], []
        for i in range(self.CHANGES):
            began = time.monotonic()
            weight(writer, "web-0", "i0", 1 + (number * self.CHANGES + i) % 1000)
            moments = crowd.moments(b"event: change")
            first.append(1000 * (moments[0] - began))
            last.append(1000 * (moments[-1] - began))
        writer.close()
        return {"first_ms": percentile(first, 0.5), "last_p50_ms": percentile(last, 0.5),
                "last_p99_ms": percentile(last, 0.99)}

    def figure(self, key):
        return Range(r[key] for r in self.rounds) if self.rounds else None

    def text(self):
        row = [f"{self.SIZE:,}", *(self.figure(key).text(1) for key in ("first_ms", "last_p50_ms", "last_p99_ms"))]
        return table(["readers of GET /watch, one service; ms from sending a change", "first told, p50",
                      "last told, p50", "last told, p99"], [row])


def weight(connection, service, instance, value):
    """Sends a heartbeat with another weight, and reads the answer."""
    connection.request("POST", f"/api/v1/services/{service}/instances/{instance}/heartbeat",
                       json.dumps({"generation": 1000, "weight": value}), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    said = reply.read()
    if reply.status != 200:
        raise process.Failed(f"a new weight was refused: {said[:200]}")


def percentile(values, share):
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


class Expiry:
    """How far behind their deadlines leases end, protection off, by musterd's own histogram."""

    LEASE_SECONDS, SHORT_LIVED, A_SECOND, BATCH = 2, 60_000, 15_000, 100

    def __init__(self, options):
        self._options = options
        self.services = options.write_services
        self.raised = {"registry.protection.max_expired_ratio": 1}
        self.counts = {}

    def run(self):
        with Musterd(self._options, workload.Fleet(self.services), raised=self.raised) as server:
            before = lateness(server.http_port)
            server.register(self._options.generator_cpu, services=self.SHORT_LIVED // 3, instances=3, prefix="short-",
                            lease=f"{self.LEASE_SECONDS}s", batch=self.BATCH, rate=self.A_SECOND / self.BATCH)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while self._ended(server.http_port, before) < self.SHORT_LIVED:
                if time.monotonic() > deadline:
                    raise process.Failed("short leases did not all end")
                time.sleep(0.2)

    def _ended(self, port, before):
        now = lateness(port)
        self.counts = {bound: now[bound] - before.get(bound, 0) for bound in now}
        return self.counts[float("inf")]

    def within(self, share):
        """The bound of the histogram under which this share of the leases ended, in ms; None: not measured."""
        if not self.counts:
            return None
        wanted = share * self.counts[float("inf")]
        return Range([1000 * next(bound for bound, count in sorted(self.counts.items()) if count >= wanted)])

    def text(self):
        row = [f"{self.services * 3:,}", f"{self.SHORT_LIVED:,}", *(self.within(share).text(0) for share in (0.5, 0.99, 1))]
        return table(["leases held", "ended", "half within ms", "99 % within ms", "all within ms"], [row])


def lateness(port):
    """The cumulated counts of muster_lease_lateness_seconds by their bounds, over all sources."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_SECONDS) as page:
        return lateness_of(page.read().decode())


def lateness_of(page):
    counts = {}
    for labels, count in re.findall(r"^muster_lease_lateness_seconds_bucket\{(.*)\} (\d+)$", page, re.M):
        bound = float(re.search(r'\ble="([^"]+)"', labels)[1].replace("+Inf", "inf"))
        counts[bound] = counts.get(bound, 0) + int(count)
    return counts
