"""What a policy costs a query: musterds of one policy each beside one that answers the same number of records in fixed
order, rounds interleaved; and choosing one instance of many beside choosing one of few."""
import os
import tempfile

from . import servers
from .judge import Range, number
from .query_cost import Scenario, ask_load
from .tables import table
from .workload import Fleet

SERVICES = 200
ONE = ("single", "round-robin", "failover", "weighted", "random", "weighted-rr", "response-time", "hash")
ALL = ("round-robin-failover", "weighted-failover", "random-failover", "response-time-failover", "hash-failover")
FREE = ("hash", "hash-failover")  # look at each member, and have no bar
CHOOSING = ("weighted", "random", "round-robin", "weighted-rr")
FEW, MANY = 10, 10_000


class Policy(servers.Musterd):
    def __init__(self, name, folder, options, fleet, policy, answers=None):
        super().__init__(name, folder, options.server_cpu, options.binaries, fleet)
        self._keys = f'policy = "{policy}"\n' + (f"answers = {answers}\n" if answers else "")

    def _config(self, domain, reverse=(), files=""):
        return super()._config(domain, reverse, f'{files}[service."*"]\n{self._keys}')


class PolicyCosts:
    def __init__(self, options):
        self.options = options
        self.ratios = {}  # by (what, policy)
        self.costs = {}

    def run(self):
        self._beside("all", "1 record", 4, ONE, answers=1)
        self._beside("all", "4 records", 4, ALL)
        self._beside("all", "16 records", 16, ALL)
        for policy in CHOOSING:
            with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
                few = self._server(folder, f"{policy}-few", policy, Fleet(1, FEW))
                many = self._server(folder, f"{policy}-many", policy, Fleet(1, MANY))
                self._measure(f"1 of {MANY:,} beside 1 of {FEW}", few, {policy: many})

    def _server(self, folder, name, policy, fleet, answers=None):
        server = Policy(name, os.path.join(folder, name), self.options, fleet, policy, answers)
        server.serve_registry(self.options.generator_cpu)
        return server

    def _beside(self, base, what, instances, policies, answers=None):
        fleet = Fleet(SERVICES, instances)
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            first = self._server(folder, base, base, fleet, answers)
            self._measure(what, first, {one: self._server(folder, one, one, fleet) for one in policies})

    def _measure(self, what, base, others):
        try:
            costs = {name: [] for name in others}
            for round_number in range(self.options.rounds):
                for name, server in others.items():
                    # Each beside the base right before or after it: the machine's speed moves.
                    pair = [(0, base), (1, server)]
                    found = {}
                    for which, one in pair if round_number % 2 == 0 else reversed(pair):
                        found[which] = self._cost(one, round_number)
                    costs[name].append((found[1], found[0]))
            for name, pairs in costs.items():
                self.ratios[(what, name)] = Range(own / other for own, other in pairs)
                self.costs[(what, name)] = Range(own for own, _ in pairs)
        finally:
            for server in (base, *others.values()):
                server.stop()

    def _cost(self, server, round_number):
        scenario = Scenario(server.fleet, edns=True)
        return ask_load(self.options, server, scenario, round_number + 1, self.options.outstanding).result()["cpu_us"]

    def worst(self, what):
        """Of the policies that have a bar, the one that costs most."""
        found = [(ratio.median, ratio) for (of, policy), ratio in self.ratios.items() if of == what and policy not in FREE]
        return max(found, key=lambda one: one[0])[1] if found else None

    def text(self):
        rows = [[what, policy, self.costs[(what, policy)].text(), ratio.text()] for (what, policy), ratio in self.ratios.items()]
        note = (f"A query of musterd under each policy beside one under `all` that answers as many records ({number(SERVICES, 0)} "
                "services, EDNS); hash policies look at each member and have no bar.")
        return f"{note}\n\n{table(['', 'policy', 'CPU µs/query (min–max)', 'ratio (min–max)'], rows)}\n"
