"""What names of others cost: a query that the cache answers beside one of our own zones, one that an upstream must be
asked for, and one of our own while 10,000 wait for an upstream that does not answer."""
import os
import socket
import struct
import tempfile
import time
import urllib.request

from . import servers, workload
from .judge import Range, number
from .query_cost import Scenario, ask_load
from .tables import table
from .workload import Fleet

SERVICES = 1000
PENDING = 10_000
SILENT = 30  # seconds that a question waits for the upstream that does not answer
SETTLED = 1.0  # seconds after so many questions were sent


class Forwards(servers.Musterd):
    """A musterd that has the benchmark's zone, or asks somebody who has it."""

    def __init__(self, name, folder, options, fleet, upstream, more=""):
        super().__init__(name, folder, options.server_cpu, options.binaries, fleet)
        self._forward = f'[forward]\nenabled = true\nupstreams = ["127.0.0.1:{upstream}"]\n{more}'

    def _config(self, domain, reverse=(), files=""):
        return super()._config(domain, reverse, files + self._forward)

    def serve_nothing(self):
        """Nothing of its own but its domain."""
        self._start(self._config("live.internal"))
        self.await_service(self.fleet.services - 1)

    def pending(self):
        """Queries that wait for an upstream."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=10) as page:
            for line in page.read().decode().splitlines():
                if line.startswith("muster_forward_pending "):
                    return int(float(line.split()[1]))
        return 0


class Silence:
    """An upstream that takes questions and answers none."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


def send_questions(port, count):
    """So many different ones, slowly enough that none is lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", port))
        for number_ in range(count):
            label = f"n{number_}-{time.monotonic_ns()}".encode()
            client.send(struct.pack(">6H", number_ & 0xffff, 0x0100, 1, 0, 0, 0) + bytes([len(label)]) + label + b"\7foreign\4test\0\0\1\0\1")
            if number_ % 100 == 99:
                time.sleep(0.01)


class ForwardCosts:
    def __init__(self, options):
        self.options = options
        self.own, self.cached, self.asked = [], [], []
        self.alone, self.pending = [], []
        self.waiting = []
        self.failures = []

    def run(self):
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            self._names_of_others(folder)
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            self._dead_upstream(folder)

    def _names_of_others(self, folder):
        fleet = Fleet(SERVICES)
        zones = workload.write_zones(folder, fleet)
        upstream = servers.create("musterd-zone", os.path.join(folder, "upstream"), self.options, fleet)
        upstream.cpu = self.options.generator_cpu
        own = Forwards("own", os.path.join(folder, "own"), self.options, fleet, 1)
        running = [upstream, own]
        try:
            upstream.serve(zones, SERVICES)
            own.serve(zones, SERVICES)
            cached = Forwards("cached", os.path.join(folder, "cached"), self.options, fleet, upstream.port)
            asked = Forwards("asked", os.path.join(folder, "asked"), self.options, fleet, upstream.port, "cache = 0\n")
            running += [cached, asked]
            cached.serve_nothing()
            asked.serve_nothing()
            self._cost(cached, fleet, 0)  # fills the cache
            for round_number in range(self.options.rounds):
                pair = [(self.own, own), (self.cached, cached)]
                for costs, server in pair if round_number % 2 == 0 else reversed(pair):
                    costs.append(self._cost(server, fleet, round_number))
                self.asked.append(self._cost(asked, fleet, round_number))
        finally:
            for server in running:
                server.stop()

    def _dead_upstream(self, folder):
        fleet = Fleet(SERVICES)
        zones = workload.write_zones(folder, fleet)
        silence = Silence()
        server = Forwards("waiting", os.path.join(folder, "waiting"), self.options, fleet, silence.port,
                          f'timeout = "{SILENT}s"\nmax_pending = {PENDING}\n')
        try:
            server.serve(zones, SERVICES)
            for round_number in range(self.options.rounds):
                self.alone.append(self._cost(server, fleet, round_number))
                send_questions(server.port, PENDING)
                time.sleep(SETTLED)
                self.waiting.append(server.pending())
                self.pending.append(self._cost(server, fleet, round_number))
                server.stop()  # and nobody waits
                server.serve(zones, SERVICES)
        finally:
            server.stop()
            silence.close()
        if min(self.waiting) < 0.95 * PENDING:
            self.failures.append(f"only {min(self.waiting)} of {PENDING} questions were waiting")

    def _cost(self, server, fleet, round_number):
        result = ask_load(self.options, server, Scenario(fleet, edns=True), round_number + 1, self.options.outstanding,
                          recursion=True).result()
        if result["rcodes"].get("0", 0) < 0.8 * result["received"]:
            self.failures.append(f"{server.name}: most answers were none: {result['rcodes']}")
        return result["cpu_us"]

    def hit(self):
        return Range(self.cached).ratio(Range(self.own))

    def miss(self):
        return Range(self.asked)

    def beside_pending(self):
        return Range(self.pending).ratio(Range(self.alone))

    def text(self):
        rows = [["of our own zone", Range(self.own).text(), "–"],
                ["the same names of others, from the cache", Range(self.cached).text(), self.hit().text()],
                ["the same, each asked for at an upstream", self.miss().text(), self.miss().ratio(Range(self.own)).text()],
                ["of our own, nobody waits", Range(self.alone).text(), "–"],
                [f"of our own, {number(min(self.waiting), 0)} or more wait for an upstream that is silent", Range(self.pending).text(),
                 self.beside_pending().text()]]
        return table(["a query", "CPU µs of musterd (min–max)", "× the first, × the fourth"], rows) + "\n"
