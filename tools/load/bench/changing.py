"""Changes beside those of the servers that take DNS UPDATE: how soon one is seen, how many a second are taken, and what
queries cost meanwhile. musterd is changed through its API, store off; Knot and BIND journal each update."""
import os
import tempfile

from . import process, servers, workload
from .judge import Range, number
from .query_cost import Scenario, ask_load
from .tables import table

# How much is outstanding: label, options of muster-http-load, options of muster-update-load.
SUSTAINED = (
    ("1 outstanding", {"mode": "address", "connections": 1, "depth": 1}, {"outstanding": 1}),
    ("64 outstanding", {"mode": "address", "connections": 1, "depth": 64}, {"outstanding": 64}),
    ("100 a message", {"mode": "addresses", "batch": 100, "connections": 1, "depth": 4},
     {"batch": 100, "outstanding": 4, "tcp": True}),
)
WARM_UP = 0.3  # of the query load; changes begin before it and end after it
MARGIN = 0.4
# A new address at musterd replaces two RRsets, the instance's own and its service's; an update of the others one.
RRSETS = {"musterd": 2}
# Beside the latency of a server that queries alone keep busy, which is what its queue makes of it, that at a fixed rate.
LATENCY_RATE = 20_000  # queries a second
# musterd's queries while the same requests go to a canned reply on its core instead: what the requests alone do to them.
CANNED = "musterd, the requests answered by a canned reply"
SEEDS = 1000  # of one kind of change; a seed that comes again would set the addresses that are there already


class Changing:
    """One size of fleet; each server is started once and changed in every way."""

    def __init__(self, options, services):
        self._options, self.services = options, services
        self.fleet = workload.Fleet(services)
        self.visible, self.sustained = {}, {}
        self.achieved, self.late = {}, {}  # during queries: changes a second, p99 of how late they were sent in µs
        self.plain, self.during = {}, {}  # saturated
        self.steady_plain, self.steady_during = {}, {}  # at LATENCY_RATE
        self.failures = []

    def run(self):
        names = [name for name in ("musterd", *self._options.updated) if name in self._options.servers]
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            zones = workload.write_zones(folder, self.fleet)
            for name in names:
                try:
                    self._one(name, os.path.join(folder, name), zones)
                except (process.Failed, OSError) as failure:
                    self.failures.append(f"{name}, changes at {self.services:,} services: {failure}")

    def _one(self, name, folder, zones):
        more = {} if name == "musterd" else {"updates": True}
        server = servers.create(name, folder, self._options, self.fleet, **more)
        try:
            if name == "musterd":
                server.serve_registry(self._options.generator_cpu)
            else:
                server.serve(zones, self.services)
            self.measure(server)
        finally:
            server.stop()

    def measure(self, server):
        self.visible[server.name] = [self._probe(server, seed) for seed in self._seeds()]
        for kind, (label, http, update) in enumerate(SUSTAINED, 1):
            self.sustained[server.name, label] = [
                self._change(server, seed + kind * SEEDS, self._options.seconds, http, update).result()
                for seed in self._seeds()]
        self._queries_meanwhile(server)

    def _seeds(self):
        return range(1, self._options.change_rounds + 1)

    def _program(self, name):
        return os.path.join(self._options.binaries, name)

    def _probe(self, server, seed):
        door = {"http_port": server.http_port} if server.kind == "musterd" else {"update": True}
        return process.run_load(
            self._program("muster-change-probe"), self._options.generator_cpu, dns_port=server.port,
            domain=workload.DOMAIN, at_instance=True, changes=self._options.update_probes, seed=seed,
            services=self.services, instances=self.fleet.instances, pids=server.process.pids(), **door)

    def _change(self, server, seed, seconds, http, update):
        """Changes under way; http for musterd's API, update for DNS UPDATE."""
        load = {"seconds": seconds, "seed": seed, "services": self.services, "instances": self.fleet.instances,
                "pids": server.process.pids()}
        if server.kind in ("musterd", "http-limit"):
            return process.Load(self._program("muster-http-load"), self._options.generator_cpu,
                                port=server.http_port, **load, **http)
        return process.Load(self._program("muster-update-load"), self._options.generator_cpu, port=server.port,
                            domain=workload.DOMAIN, **load, **update)

    def _queries_meanwhile(self, server):
        for how, kind, plain, during in (("udp", 0, self.plain, self.during),
                                         (LATENCY_RATE, len(SUSTAINED) + 1, self.steady_plain, self.steady_during)):
            scenario = Scenario(self.fleet, how=how)
            for seed in range(1, self._options.during_rounds + 1):
                seconds = self._options.seconds + WARM_UP + MARGIN
                alone = self._queries(server, scenario, seed).result()
                changes = self._change(server, seed + kind * SEEDS, seconds, *self._paced())
                self._meanwhile(server.name, changes, scenario, seed, plain, alone, during, server)
                if server.kind == "musterd":
                    self._beside_canned(server, scenario, seed, seconds, plain, alone, during)

    def _paced(self):
        """Options of the two load programs."""
        rate = {"rate": self._options.changes_per_second}
        return {"mode": "address", "connections": 1, "depth": 64, **rate}, {"outstanding": 64, **rate}

    def _beside_canned(self, server, scenario, seed, seconds, plain, alone, during):
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            canned = servers.HttpLimit(folder, self._options.server_cpu, self._options.binaries)
            try:
                canned.start()
                changes = self._change(canned, seed, seconds, *self._paced())
                self._meanwhile(CANNED, changes, scenario, seed, plain, alone, during, server, canned.process.pids())
            finally:
                canned.stop()

    def _meanwhile(self, name, changes, scenario, seed, plain, alone, during, server, others=()):
        """Queries while those changes are under way; the processes `others` are of the server, too."""
        queries = self._queries(server, scenario, seed, others).result()
        changed = changes.result()
        self.achieved.setdefault(name, []).append(changed["elements_per_s"])
        self.late.setdefault(name, []).append(changed["late_p99_us"])
        plain.setdefault(name, []).append(alone)
        during.setdefault(name, []).append(queries)

    def _queries(self, server, scenario, seed, others=()):
        # The changes come from the generator's core: a reply's time is when it came, not when that core got to it.
        counted = {"pids": [*server.process.pids(), *others]} if others else {}
        return ask_load(self._options, server, scenario, seed, self._options.outstanding, arrivals=True, **counted)

    def rate(self, label, name="musterd"):
        rounds = self.sustained.get((name, label))
        return Range(r["elements_per_s"] for r in rounds) if rounds else None

    def rrsets(self, label, name="musterd"):
        """Replaced a second."""
        found = self.rate(label, name)
        return Range(RRSETS.get(name, 1) * value for value in found.values) if found else None

    def cpu(self, label, name="musterd"):
        rounds = self.sustained.get((name, label))
        return Range(r["cpu_us_per_element"] for r in rounds) if rounds else None

    def times_of(self, other, label, name="musterd"):
        mine, others = self.rate(label, name), self.rate(label, other)
        return mine.ratio(others) if mine and others else None

    def growth(self, key, name="musterd"):
        """What a query costs during the changes over what it costs without, by round."""
        if name not in self.during:
            return None
        return Range(r[key] for r in self.during[name]).ratio(Range(r[key] for r in self.plain[name]))

    def latency_growth(self, key, name="musterd"):
        """The same of their latency, at a fixed rate."""
        if name not in self.steady_during:
            return None
        return Range(r[key] for r in self.steady_during[name]).ratio(Range(r[key] for r in self.steady_plain[name]))

    def raw(self):
        return {"services": self.services, "visible": self.visible,
                "sustained": [{"server": name, "how": label, "rounds": rounds}
                              for (name, label), rounds in self.sustained.items()],
                "plain": self.plain, "during": self.during, "steady_plain": self.steady_plain,
                "steady_during": self.steady_during, "achieved": self.achieved, "late_p99_us": self.late}

    def text(self):
        seen = [[name, *(Range(r[key] / 1000 for r in rounds).text(3)
                         for key in ("visible_p50_us", "visible_p99_us", "visible_max_us")),
                 Range(r["cpu_us_per_change"] for r in rounds).text(0)] for name, rounds in self.visible.items()]
        taken = [[name, label, self.rate(label, name).text(0), self.rrsets(label, name).text(0), self.cpu(label, name).text(),
                  sum(r["failed"] for r in rounds)] for (name, label), rounds in self.sustained.items()]
        cost = [[name, Range(self.achieved[name]).text(0), Range(self.late[name]).text(0),
                 Range(r["cpu_us"] for r in self.plain[name]).text(), Range(r["cpu_us"] for r in self.during[name]).text(), self.growth("cpu_us", name).text(),
                 self.growth("p99_us", name).text()] for name in self.during]
        waits = [[name, *(Range(r[key] for r in rounds[name]).text(0) for key in ("p50_us", "p99_us")
                          for rounds in (self.steady_plain, self.steady_during)),
                  self.latency_growth("p50_us", name).text(), self.latency_growth("p99_us", name).text()]
                 for name in self.steady_during]
        return (f"### {self.services:,} services: musterd by its API, store off; the others by DNS UPDATE, with journal\n\n"
                + table(["a new address of an instance, ms until DNS has it", "p50", "p99", "most", "CPU µs a change"],
                        seen) + "\n\n"
                + table(["sustained, each a new address", "how", "changes a second", "RRsets a second", "CPU µs each", "refused"], taken) + "\n\n"
                + table([f"queries during {number(self._options.changes_per_second, 0)} changes a second", "changes a second taken",
                         "sent late, p99 µs", "CPU µs/query without", "with", "×", "p99 × (saturated)"], cost) + "\n\n"
                + table([f"the same at {number(LATENCY_RATE, 0)} queries a second", "p50 µs without", "with", "p99 µs without", "with",
                         "p50 ×", "p99 ×"], waits))
