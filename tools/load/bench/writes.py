"""Changes, registrations and heartbeats: what the registry takes in, and when DNS shows it."""
import contextlib
import os
import tempfile
import time

from . import process, servers, workload
from .judge import LEAST_ROUNDS, Range, number
from .tables import table

BETWEEN_ROUNDS = 1.0  # seconds


class Musterd:
    """A musterd of its own with a registered fleet, ended at the end of the with-block."""

    def __init__(self, options, fleet, store="memory", raised=None, **registered):
        self._options, self._fleet, self._store, self._registered = options, fleet, store, registered
        self._raised = raised or {}

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="muster-bench-")
        self.server = servers.create("musterd", self._folder.name, self._options, self._fleet, store=self._store)
        self.server.raised.update(self._raised)
        try:
            if self._fleet.services:
                self.server.serve_registry(self._options.generator_cpu, **self._registered)
            else:
                self.server.start_empty()
        except BaseException:
            self.__exit__()
            raise
        return self.server

    def __exit__(self, *_):
        self.server.stop()
        self._folder.cleanup()


class ChangeToVisible:
    """Time from sending a changed address until DNS answers with it, one change at a time. A virtual machine moves it by
    a factor within a minute: the servers of all sizes are there first, then rounds of all are interleaved A B C … C B A."""

    def __init__(self, options):
        self._options = options
        self.rounds = {}
        self.failures = []

    def run(self):
        with contextlib.ExitStack() as running:
            self._measure([one for services in self._options.services for one in self._fleets(running, services)])
        for label, rounds in self.rounds.items():
            late = sum(r["old_after_acknowledgement"] for r in rounds)
            if late:
                self.failures.append(f"{label}: {late} queries sent after the acknowledgement saw the old address")

    def _fleets(self, running, services):
        """What is probed at a server of this size: label, server, fleet."""
        server = running.enter_context(Musterd(self._options, workload.Fleet(services)))
        yield f"{services:,} services", server, {"services": services, "instances": 3}
        if services == min(self._options.services) <= 1000:
            big = {"services": 1, "instances": 1000, "prefix": "big-"}
            server.register(self._options.generator_cpu, **big)
            yield "inside a service of 1,000 members", server, {**big, "at_instance": True}

    def _measure(self, probed):
        # A seed that came again would set the addresses that are there already.
        for seed in range(1, max(LEAST_ROUNDS, self._options.rounds) + 1):
            time.sleep(BETWEEN_ROUNDS)
            for label, server, fleet in probed if seed % 2 else reversed(probed):
                self.rounds.setdefault(label, []).append(self._probe(server, seed, fleet))

    def _probe(self, server, seed, fleet):
        return process.run_load(
            os.path.join(self._options.binaries, "muster-change-probe"), self._options.generator_cpu,
            http_port=server.http_port, dns_port=server.port, domain=workload.DOMAIN,
            changes=self._options.changes_probed, seed=seed, **fleet)

    def figure(self, label, key):
        return Range(r[key] / 1000 for r in self.rounds[label]) if label in self.rounds else None

    def text(self):
        keys = ("visible_p50_us", "visible_p99_us", "visible_max_us", "acknowledged_p50_us")
        rows = [[label, *(self.figure(label, key).text(3) for key in keys),
                 sum(r["old_after_acknowledgement"] for r in rounds)] for label, rounds in self.rounds.items()]
        return table(["change → visible, ms", "p50", "p99", "most", "acknowledged p50", "old answers after it"], rows)


class Writes:
    """Rates that the HTTP API takes, musterd on one core, the generator on the other."""

    # label: (store, load options). The first three rows are changes, the others only renew.
    WORKS = {
        "weight changes, pipelined": ("memory", {"mode": "weight", "connections": 4, "depth": 32}),
        "durable registrations, 16 connections": ("sqlite", {"mode": "register", "connections": 16, "depth": 1}),
        "durable registrations, 64 connections": ("sqlite", {"mode": "register", "connections": 64, "depth": 1}),
        "heartbeats, batches of 100": ("memory", {"mode": "heartbeats", "batch": 100, "connections": 4, "depth": 4}),
        "heartbeats, batches of 1,000": ("memory", {"mode": "heartbeats", "batch": 1000, "connections": 4, "depth": 2}),
        "heartbeats one by one, 16 connections": ("memory", {"mode": "heartbeat", "connections": 16, "depth": 1}),
        "heartbeats one by one, 16 connections, pipelined": ("memory", {"mode": "heartbeat", "connections": 16,
                                                                       "depth": 8}),
    }

    def __init__(self, options):
        self._options = options
        self.services = options.write_services
        self.rounds = {}
        self.paced = None
        self.failures = []

    def run(self):
        for store in ("memory", "sqlite"):
            with Musterd(self._options, workload.Fleet(self.services), store) as server:
                for label, (where, load) in self.WORKS.items():
                    if where == store:
                        self.rounds[label] = [self._one(server, label, load, seed) for seed in range(1, 4)]
                if store == "sqlite" and self._options.pace_heartbeats:
                    self.paced = self._paced(server)

    def _one(self, server, label, load, seed):
        fleet = {"services": self.services, "instances": 3}
        if load["mode"] == "register":
            # Each run registers names of its own, or it would only renew those of the run before.
            fleet = {"services": 1000, "instances": 0, "prefix": f"new-{load['connections']}-{seed}-"}
        result = server.http(self._options.generator_cpu, seconds=self._options.seconds, seed=seed, **fleet, **load)
        if result["failed"] or (load["mode"] == "register" and result["not_durable"]):
            self.failures.append(f"{label}: {result['failed']} refused, {result['not_durable']} not durable: "
                                 f"{result.get('complaint', '')}")
        return result

    def _paced(self, server):
        """10,000 heartbeats a second in batches of 100: share of a core, and octets written meanwhile."""
        settle(server.process)
        rounds = []
        for seed in range(1, 4):
            before = server.process.written_octets()
            result = server.http(self._options.generator_cpu, mode="heartbeats", batch=100, rate=100, depth=1,
                                 connections=4, services=self.services, instances=3, seed=seed,
                                 seconds=max(2, self._options.seconds))
            result["written"] = server.process.written_octets() - before
            result["core_percent"] = 100 * result["cpu_s"] / result["seconds"]
            rounds.append(result)
        return rounds

    def rate(self, label):
        return Range(r["elements_per_s"] for r in self.rounds[label]) if label in self.rounds else None

    def cpu(self, label):
        return Range(r["cpu_us_per_element"] for r in self.rounds[label]) if label in self.rounds else None

    def reply(self, label, key):
        return Range(r[key] / 1000 for r in self.rounds[label]) if label in self.rounds else None

    def share(self):
        return Range(r["core_percent"] for r in self.paced) if self.paced else None

    def written(self):
        """Over all rounds: one quiet round would not excuse another."""
        return Range([sum(r["written"] for r in self.paced)]) if self.paced else None

    def text(self):
        rows = [[label, where, self.rate(label).text(0), self.cpu(label).text(),
                 number(1e6 / self.cpu(label).median, 0), self.reply(label, "p50_us").text(), self.reply(label, "p99_us").text()]
                for label, (where, _) in self.WORKS.items() if label in self.rounds]
        text = table([f"{self.services:,} services registered", "store", "a second (min–max)", "CPU µs each",
                      "a CPU second", "reply p50 ms", "reply p99 ms"], rows)
        if self.paced:
            sent = number(Range(r["elements_per_s"] for r in self.paced).median, 0)
            text += (f"\n\n{sent} heartbeats a second in batches of 100, store sqlite: {self.share().text(1)} % of a "
                     f"core, {self.written().text(0)} octets written to disk.")
        return text


def settle(running, quiet=8.0, most=60.0):
    """Waits until the store has written what the registrations before left it: its checkpoint comes 5 s after the last
    commit, and what it writes late is not the heartbeats' doing."""
    last, since, start = running.written_octets(), time.monotonic(), time.monotonic()
    while time.monotonic() - since < quiet and time.monotonic() - start < most:
        time.sleep(0.25)
        now = running.written_octets()
        if now != last:
            last, since = now, time.monotonic()
