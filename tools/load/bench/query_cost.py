"""What a query costs: all servers side by side, rounds interleaved A B C … C B A. Saturated it is CPU time per answer,
over UDP or over kept TCP connections; at a fixed rate it is latency."""
import os
import tempfile

from . import process, servers, wire, workload
from .judge import Range, number
from .tables import table

LOSS_BAR = 0.001
DIFFERENCE_BAR = 0.05  # of the answers counted during a round from those of the completeness table
SOCKETS_A_THREAD = 8
COMPLETE = 3  # instances whose answers every server can give whole over UDP


class Scenario:
    """`how`: saturated over udp or tcp, or so many queries a second."""

    def __init__(self, fleet, distribution="uniform", edns=False, how="udp"):
        self.fleet, self.distribution, self.edns, self.how = fleet, distribution, edns, how

    @property
    def title(self):
        how = {"udp": "", "tcp": ", TCP"}.get(self.how, f", {self.how} queries a second")
        return f"{self.fleet.title}, {self.distribution}, EDNS {'on' if self.edns else 'off'}{how}"

    @property
    def key(self):
        """What a target names it by."""
        f = self.fleet
        plain = f.instances == COMPLETE and not (f.dual_stack or f.dns_sd or f.reverse)
        return (f.services, self.distribution, self.edns, self.how) if plain else None

    def row(self):
        return {**vars(self.fleet), "distribution": self.distribution, "edns": self.edns, "how": self.how}


def completeness(server, scenario):
    """One question of each kind; by kind the summary of the reply."""
    ask = wire.ask_tcp if scenario.how == "tcp" else wire.ask
    return {kind.label: ask(server.port, kind.owner, kind.rrtype, scenario.edns)
            for kind in workload.kinds(scenario.fleet)}


def shortcomings(found, fleet):
    """What a server leaves out of its answers, in words; empty for a complete one."""
    notes = []
    kinds = workload.kinds(fleet)
    if any(reply is None for reply in found.values()):
        return ["does not answer every kind"]
    if any(reply["aa"] == 0 for reply in found.values()):
        notes.append("AA not set")
    cut = [kind.label for kind in kinds if found[kind.label]["tc"]]
    if cut:
        notes.append(f"truncated: {', '.join(cut)}")
    few = [kind.label for kind in kinds
           if found[kind.label]["answers"] < kind.answers and not found[kind.label]["tc"]]
    if few and fleet.instances == COMPLETE:
        notes.append("records missing")
    elif few:
        notes.append("as many as fit: " + ", ".join(
            f"{kind.label} {found[kind.label]['answers']} of {kind.answers}" for kind in kinds if kind.label in few))
    if fleet.instances == COMPLETE and any(found[kind.label]["additional"] < kind.additional for kind in kinds):
        notes.append("SRV without addresses")
    if found["NODATA"]["authority"] < 1 or found["NXDOMAIN"]["authority"] < 1:
        notes.append("no SOA in negative answers")
    if any(found[kind.label]["rcode"] != kind.rcode for kind in kinds):
        notes.append("wrong rcode")
    return notes


def completeness_table(found, notes, fleet):
    labels = [kind.label for kind in workload.kinds(fleet)]
    rows = []
    for name, replies in found.items():
        row = [name]
        for label in labels:
            r = replies[label]
            row.append("no reply" if r is None else
                       f"{r['octets']} aa={r['aa']} rcode={r['rcode']} {r['answers']}/{r['authority']}/{r['additional']}")
        rows.append(row + ["canned" if name == "limit" else "; ".join(notes[name]) or "complete"])
    return table(["server", *(f"{label}: octets, flags, records" for label in labels), "note"], rows)


def answers_differ(round_, found, fleet):
    """Whether the replies counted during a round are not those that the server gave to one question of each kind."""
    if not round_["received"] or any(reply is None for reply in found.values()):
        return True
    kinds = workload.kinds(fleet)

    def mean(key):
        return sum(kind.share * found[kind.label][key] for kind in kinds)

    def off(counted, expected):
        return abs(counted - expected) > DIFFERENCE_BAR * max(expected, 1)

    rcodes = {}
    for kind in kinds:
        rcode = str(found[kind.label]["rcode"])
        rcodes[rcode] = rcodes.get(rcode, 0) + kind.share
    seen = {rcode: count / round_["received"] for rcode, count in round_["rcodes"].items()}
    return (off(round_["answers"], mean("answers")) or off(round_["octets"], mean("octets")) or
            any(abs(seen.get(rcode, 0) - rcodes.get(rcode, 0)) > 0.01 for rcode in {*seen, *rcodes}))


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
        self.left_out = []  # servers that cannot hold such a fleet
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
        fleet = self.scenario.fleet
        zones = workload.write_zones(folder, fleet)
        for name in self.options.servers:
            if name == "limit" and self.scenario.how == "tcp":
                continue  # it speaks UDP alone
            server = servers.create(name, os.path.join(folder, name), self.options, fleet)
            if server.most_instances and fleet.instances > server.most_instances:
                self.left_out.append(name)
                continue
            self._running.append(server)
            try:
                if name == "musterd":
                    server.serve_registry(self.options.generator_cpu)
                else:
                    server.serve(zones, fleet.services)
            except (process.Failed, OSError) as failure:
                self.failures.append(str(failure))
                self._running.remove(server)
                server.stop()
                continue
            self._look_at(server)

    def _look_at(self, server):
        name, fleet = server.name, self.scenario.fleet
        self.found[name] = completeness(server, self.scenario)
        self.notes[name] = [] if name == "limit" else shortcomings(self.found[name], fleet)
        if server.kind == "musterd":
            self.raised.update(server.raised)
            if fleet.instances == COMPLETE:
                self.failures += [f"{name}: {note}" for note in self.notes[name]]

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
        if (server.name != "limit" and "answers differ" not in self.notes[server.name] and
                answers_differ(result, self.found[server.name], self.scenario.fleet)):
            self.notes[server.name].append("answers differ")
            if server.kind == "musterd":
                self.failures.append(f"{server.name}: the answers counted were not those asked for: {result}")
        return result

    def _load(self, server, round_number, outstanding):
        return ask_load(self.options, server, self.scenario, round_number + 1, outstanding).result()

    def cost(self, name):
        """CPU-µs per answer by round; None when the server is not there."""
        return self.figure(name, "cpu_us")

    def figure(self, name, key):
        return Range(r[key] for r in self.rounds[name]) if name in self.rounds else None

    def ratio(self, name, other, key="cpu_us"):
        if name not in self.rounds or other not in self.rounds:
            return None
        return self.figure(name, key).ratio(self.figure(other, key))

    def text(self):
        head = ["server", "CPU µs/query (min–max)", "× limit", f"× {self.options.baseline}", "queries/s", "loss %",
                "p50 µs", "p99 µs", "octets", "memory MiB", "start s", "note"]
        rows = [self._row(server) for server in self._running]
        rows += [[name] + ["–"] * 10 + [f"not installed (Debian package {servers.PACKAGES[name]})"]
                 for name in self.options.absent]
        rows += [[name] + ["–"] * 10 + ["takes no RRset of so many records"] for name in self.left_out]
        return (f"### {self.scenario.title}\n\nWhat one question of each kind is answered with (records by section: "
                f"answer/authority/additional):\n\n{completeness_table(self.found, self.notes, self.scenario.fleet)}"
                f"\n\n{table(head, rows)}\n")

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


def ask_load(options, server, scenario, seed, outstanding, **more):
    """A load program at work on the server."""
    load = {"port": server.port, "domain": workload.DOMAIN, "zipf": scenario.distribution == "zipf",
            "edns": scenario.edns, "seconds": options.seconds, "outstanding": outstanding, "seed": seed,
            "pids": server.process.pids(), **scenario.fleet.asked(), **more}
    program = "muster-tcp-load" if scenario.how == "tcp" else "muster-udp-load"
    if scenario.how == "udp" and server.threads > 1:
        load["sockets"] = SOCKETS_A_THREAD * server.threads
    if scenario.how not in ("udp", "tcp"):
        load["rate"] = scenario.how
    return process.Load(os.path.join(options.binaries, program), options.generator_cpu, **load)


def lossy(result):
    return result["lost"] > LOSS_BAR * max(result["sent"], 1)
