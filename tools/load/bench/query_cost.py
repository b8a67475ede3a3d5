"""CPU time per answered query at saturation: all servers side by side, rounds interleaved A B C … C B A."""
import os
import tempfile

from . import process, servers, wire, workload
from .judge import Range, number
from .tables import table

KINDS = (("A", "web-{k}", wire.A), ("SRV", "_http._tcp.web-{k}", wire.SRV),
         ("NODATA", "web-{k}", wire.AAAA), ("NXDOMAIN", "gone-{k}", wire.A))
LOSS_BAR = 0.001
# What the workload makes of complete answers: A and SRV with 3 records each, a tenth NXDOMAIN.
MEAN_ANSWERS = 0.5 * 3 + 0.3 * 3
NXDOMAIN_SHARE = 0.1


class Scenario:
    def __init__(self, services, distribution="uniform", edns=False):
        self.services, self.distribution, self.edns = services, distribution, edns

    @property
    def title(self):
        return f"{self.services:,} services, {self.distribution}, EDNS {'on' if self.edns else 'off'}"


def completeness(server, scenario):
    """One question of each kind; by kind the summary of the reply."""
    k = scenario.services // 2
    return {kind: wire.ask(server.port, f"{owner.format(k=k)}.{workload.DOMAIN}", rrtype, scenario.edns)
            for kind, owner, rrtype in KINDS}


def shortcomings(found):
    """What a server leaves out of its answers, in words; empty for a complete one."""
    notes = []
    if any(reply is None for reply in found.values()):
        return ["does not answer every kind"]
    if any(reply["aa"] == 0 for reply in found.values()):
        notes.append("AA not set")
    if found["A"]["answers"] < 3 or found["SRV"]["answers"] < 3:
        notes.append("records missing")
    if found["SRV"]["additional"] < 3:
        notes.append("SRV without addresses")
    if found["NODATA"]["authority"] < 1 or found["NXDOMAIN"]["authority"] < 1:
        notes.append("no SOA in negative answers")
    if found["NODATA"]["rcode"] != wire.NOERROR or found["NXDOMAIN"]["rcode"] != wire.NXDOMAIN:
        notes.append("wrong rcode")
    return notes


def completeness_table(found):
    rows = []
    for name, replies in found.items():
        row = [name]
        for kind, _, _ in KINDS:
            r = replies[kind]
            row.append("no reply" if r is None else
                       f"{r['octets']} aa={r['aa']} rcode={r['rcode']} {r['answers']}/{r['authority']}/{r['additional']}")
        rows.append(row + ["canned" if name == "limit" else "; ".join(shortcomings(replies)) or "complete"])
    return table(["server", *(f"{kind}: octets, flags, records" for kind, _, _ in KINDS), "note"], rows)


def answers_differ(round_, kind):
    """Whether the answers counted during a round are not those that the workload asks for."""
    if kind == "limit" or not round_["received"]:
        return False
    nxdomain = round_["rcodes"].get("3", 0) / round_["received"]
    return (abs(round_["answers"] - MEAN_ANSWERS) > 0.05 * MEAN_ANSWERS or abs(nxdomain - NXDOMAIN_SHARE) > 0.01 or
            set(round_["rcodes"]) - {"0", "3"} != set())


class Comparison:
    """One scenario: starts every server, measures the rounds, ends them."""

    def __init__(self, scenario, options):
        self.scenario, self.options = scenario, options
        self.rounds = {}
        self.found = {}
        self.notes = {}
        self.warnings = []
        self.failures = []
        self.raised = {}
        self._running = []

    def run(self):
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            try:
                self._start_all(folder)
                self._measure()
            finally:
                for server in self._running:
                    server.stop()

    def _start_all(self, folder):
        zone = os.path.join(folder, "zone")
        workload.write_zone(zone, self.scenario.services)
        for name in self.options.servers:
            server = self._create(name, os.path.join(folder, name))
            self._running.append(server)
            try:
                if name == "musterd":
                    server.serve_registry(self.options.generator_cpu, self.scenario.services)
                else:
                    server.serve(zone, self.scenario.services)
            except (process.Failed, OSError) as failure:
                self.failures.append(str(failure))
                self._running.remove(server)
                server.stop()
                continue
            self.found[name] = completeness(server, self.scenario)
            self.notes[name] = [] if name == "limit" else shortcomings(self.found[name])
            if server.kind == "musterd":
                self.raised.update(server.raised)
                self.failures += [f"{name}: {note}" for note in self.notes[name]]

    def _create(self, name, folder):
        options = self.options
        if name == "limit":
            return servers.Limit(name, folder, options.server_cpu, options.binaries)
        if name.startswith("musterd"):
            return servers.Musterd(name, folder, options.server_cpu, options.binaries,
                                   services=self.scenario.services)
        return servers.PEERS[name](name, folder, options.server_cpu)

    def _measure(self):
        for round_number in range(self.options.rounds):
            order = self._running if round_number % 2 == 0 else list(reversed(self._running))
            for server in order:
                self.rounds.setdefault(server.name, []).append(self._one(server, round_number))
        for server in self._running:
            server.resident = server.process.resident_octets()

    def _one(self, server, round_number):
        result = self._load(server, round_number, self.options.outstanding)
        if lossy(result):
            result = self._load(server, round_number, max(1, self.options.outstanding // 4))
            if lossy(result):
                self.warnings.append(f"{server.name}: over 0.1 % lost in round {round_number + 1}, "
                                     f"{self.scenario.title}")
        if answers_differ(result, server.kind) and "answers differ" not in self.notes[server.name]:
            self.notes[server.name].append("answers differ")
            if server.kind == "musterd":
                self.failures.append(f"{server.name}: the answers counted were not those asked for: {result}")
        return result

    def _load(self, server, round_number, outstanding):
        return process.run_load(
            os.path.join(self.options.binaries, "muster-udp-load"), self.options.generator_cpu, port=server.port,
            domain=workload.DOMAIN, services=self.scenario.services, zipf=self.scenario.distribution == "zipf",
            edns=self.scenario.edns, seconds=self.options.seconds, outstanding=outstanding,
            seed=round_number + 1, pids=server.process.pids())

    def cost(self, name):
        """CPU-µs per answer by round; None when the server is not there."""
        return Range(r["cpu_us"] for r in self.rounds[name]) if name in self.rounds else None

    def ratio(self, name, other):
        if name not in self.rounds or other not in self.rounds:
            return None
        return self.cost(name).ratio(self.cost(other))

    def text(self):
        head = ["server", "CPU µs/query (min–max)", "× limit", f"× {self.options.baseline}", "queries/s", "loss %",
                "p50 µs", "p99 µs", "octets", "memory MiB", "start s", "note"]
        rows = [self._row(server) for server in self._running]
        rows += [[name] + ["–"] * 10 + [f"not installed (Debian package {servers.PACKAGES[name]})"]
                 for name in self.options.absent]
        return (f"### {self.scenario.title}\n\nWhat one question of each kind is answered with (records by section: "
                f"answer/authority/additional):\n\n{completeness_table(self.found)}\n\n{table(head, rows)}\n")

    def _row(self, server):
        rounds = self.rounds[server.name]

        def middle(key, digits=0):
            return number(Range(r[key] for r in rounds).median, digits)

        sent = sum(r["sent"] for r in rounds)
        ratios = [r.text() if r else "–" for r in
                  (self.ratio(server.name, "limit"), self.ratio(server.name, self.options.baseline))]
        return [server.name, self.cost(server.name).text(), *ratios, middle("qps"),
                number(100 * sum(r["lost"] for r in rounds) / max(sent, 1)), middle("p50_us"), middle("p99_us"),
                middle("octets"), number(server.resident / 2**20, 0), number(server.start_seconds),
                "; ".join(self.notes[server.name])]


def lossy(result):
    return result["lost"] > LOSS_BAR * max(result["sent"], 1)
