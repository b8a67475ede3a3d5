"""The benchmark as a whole: options, the order of the parts, the report."""
import argparse
import contextlib
import io
import json
import os
import signal
import sys

from . import process, servers, targets
from .changing import Changing
from .forwarding import ForwardCosts
from .machine import Elsewhere, facts
from .policies import PolicyCosts
from .probing import Probing
from .published import Published, RegistryAlone, StateRead, is_built
from .query_cost import Comparison, Scenario
from .reactions import Reactions
from .schedulers import Schedulers
from .shares import Shares
from .size import RegistrySize, ZoneSize
from .watchers import Expiry, Watchers
from .workload import Fleet
from .writes import ChangeToVisible, Writes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUSY_BAR = 0.3
UNMEASURED = ("a real network card", "IPv6 as transport", "encrypted HTTP")


# Where more instances a service are asked for: a million in all takes long to register.
DEFAULT_SERVICES = {3: [1000, 100_000], 1000: [100]}


def count(text):
    """1000, 100k, 1M."""
    factor = {"k": 1000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return int(text[:-1] if factor > 1 else text) * factor


def counts(text):
    return [count(part) for part in text.split(",")]


def read_options(arguments):
    parser = argparse.ArgumentParser(
        prog="tools/bench", description="musterd beside the canned-reply limit, Knot, gdnsd, NSD and BIND. "
        "Without a part named it measures queries, changes, writes and watchers.")
    parser.add_argument("--queries", action="store_true", help="part: CPU per query")
    parser.add_argument("--changes", action="store_true", help="part: change to visible")
    parser.add_argument("--writes", action="store_true", help="part: changes, registrations, heartbeats a second")
    parser.add_argument("--watchers", action="store_true", help="part: readers of GET /watch, lateness of expiry")
    parser.add_argument("--schedulers", action="store_true", help="part: what a Mesos cluster and a Marathon cost")
    parser.add_argument("--policies", action="store_true", help="part: what each policy costs a query")
    parser.add_argument("--reactions", action="store_true", help="part: how soon who fails is gone, and back (2 minutes a round)")
    parser.add_argument("--probes", action="store_true", help="part: what looking at 1,000 instances each second costs, "
                        "and how soon DNS shows what is found (2 minutes a round)")
    parser.add_argument("--shares", action="store_true", help="part: what getaddrinfo and HAProxy make of weights "
                        "(a minute a round)")
    parser.add_argument("--forward", action="store_true", help="part: what names of others cost")
    parser.add_argument("--load", action="store_true", help="part: memory, load and restart (minutes)")
    parser.add_argument("--all", action="store_true", help="all parts, all servers, more scenarios (about an hour)")
    parser.add_argument("--tcp", action="store_true", help="part: CPU per query over TCP connections that stay open")
    parser.add_argument("--rate", type=counts, default=[], help="part: latency at so many queries a second: 20k")
    parser.add_argument("--services", type=counts, help="for queries and changes: default 1000,100k; "
                        "1000 with --instances 50, 100 with --instances 1000")
    parser.add_argument("--instances", type=count, default=3, help="a service, for queries: 3, 50, 1000")
    parser.add_argument("--dual-stack", action="store_true", help="an AAAA beside each A")
    parser.add_argument("--dns-sd", action="store_true", help="DNS-SD names for all servers, and in the queries")
    parser.add_argument("--reverse", action="store_true", help="reverse zones for all servers, and in the queries")
    parser.add_argument("--distribution", choices=("uniform", "zipf"), default="uniform")
    parser.add_argument("--edns", action="store_true")
    parser.add_argument("--servers", help="limit,musterd,musterd-zone,knotd,gdnsd,nsd,named; "
                        "default: all that are installed (musterd-zone: with --all)")
    parser.add_argument("--source", choices=("registry", "zone", "both"), default="registry",
                        help="where musterd's names come from")
    parser.add_argument("--baseline", default="knotd")
    parser.add_argument("--rounds", type=int, help="default 5")
    parser.add_argument("--seconds", type=float, help="a round; default 0.7, with --all 2")
    parser.add_argument("--outstanding", type=int, default=100)
    parser.add_argument("--changes-probed", type=int, default=300, help="a round")
    parser.add_argument("--changes-per-second", type=count, default=1000, help="while queries are measured")
    parser.add_argument("--pin", choices=("split", "both"), default="split",
                        help="servers on one core and the generator on another, or all on both")
    parser.add_argument("--threads", type=int, default=1, help="UDP threads or processes of each server")
    parser.add_argument("--write-services", type=count, default=100_000, help="registered while writes are measured")
    parser.add_argument("--load-services", type=counts, default=[100_000, 1_000_000])
    parser.add_argument("--load-instances", type=counts, default=[100_000, 1_000_000])
    parser.add_argument("--binaries", default=os.path.join(ROOT, "build/release/bin"))
    parser.add_argument("--publish-bench", default=os.path.join(ROOT, "build/bench/bin/publish_bench"),
                        help="the micro benchmark of changes in process (preset bench); measured if it is built")
    parser.add_argument("--state-bench", default=os.path.join(ROOT, "build/bench/bin/mesos_state_bench"),
                        help="the same of reading a large /master/state")
    parser.add_argument("--server-cpu", default="0")
    parser.add_argument("--generator-cpu", default="1")
    parser.add_argument("--json", help="write every round to this file")
    parser.add_argument("--markdown", help="write the report to this file, too")
    parser.add_argument("--gate", action="store_true", help="exit 3 when a must is missed")
    return complete(parser.parse_args(arguments))


def complete(options):
    parts = (options.queries, options.changes, options.writes, options.watchers, options.load, options.schedulers,
             options.policies, options.reactions, options.probes, options.shares, options.forward, options.tcp, options.rate)
    if options.all:
        options.tcp = True
        options.rate = options.rate or [20_000]
        options.queries = options.changes = options.writes = options.watchers = options.load = True
        options.schedulers = options.policies = options.reactions = options.probes = options.shares = options.forward = True
        options.source = "both"
    elif not any(parts):
        options.queries = options.changes = options.writes = options.watchers = True
    options.rounds = options.rounds or 5
    options.seconds = options.seconds or (2 if options.all else 0.7)
    options.services = options.services or DEFAULT_SERVICES.get(options.instances, [1000])
    options.change_services = options.services if options.all else options.services[-1:]
    options.change_rounds = 3 if options.all else 1
    options.during_rounds = 9  # the 99th of 100 moves more than other figures
    options.update_probes = 100 if options.all else 30
    # What the run of all usual parts leaves out: Knot takes 70 ms a change, and a store must come to rest before what it
    # writes can be counted.
    usual = not options.all and not any(parts)
    options.updated = [name for name in servers.UPDATED if name != "knotd" or not usual]
    options.pace_heartbeats = not usual
    if options.pin == "both":
        options.server_cpu = options.generator_cpu = f"{options.server_cpu},{options.generator_cpu}"
    options.absent = []
    if options.servers:
        options.servers = options.servers.split(",")
    else:
        musterd = {"registry": ["musterd"], "zone": ["musterd-zone"], "both": ["musterd", "musterd-zone"]}
        options.servers = ["limit", *musterd[options.source]]
        for name in servers.PEERS:
            (options.servers if servers.path_of(name) else options.absent).append(name)
    return options


def scenarios(options):
    fleets = [Fleet(n, options.instances, options.dual_stack, options.dns_sd, options.reverse)
              for n in options.services]
    wanted = []
    if options.queries:
        wanted += [Scenario(fleet, options.distribution, options.edns) for fleet in fleets]
    if options.tcp:
        wanted += [Scenario(fleet, options.distribution, options.edns, "tcp") for fleet in fleets[:1]]
    wanted += [Scenario(fleets[0], options.distribution, options.edns, rate) for rate in options.rate]
    if options.all:
        wanted += [Scenario(fleet, "zipf", True) for fleet in fleets]
        wanted += [Scenario(Fleet(1000, 50), edns=True), Scenario(Fleet(100, 1000), edns=True),
                   Scenario(Fleet(1000, 3, True, True, True), edns=True)]
    return wanted


class Printed(io.TextIOBase):
    """Passes on what is printed, and keeps it."""

    def __init__(self, stream):
        self._stream, self._parts = stream, []

    def write(self, text):
        self._parts.append(text)
        return self._stream.write(text)

    def flush(self):
        self._stream.flush()

    def text(self):
        return "".join(self._parts)


class Report:
    """Prints as the parts come in, so that a long run shows where it is; keeps what the verdicts need."""

    def __init__(self, options):
        self.options = options
        self.machine = facts()
        self.comparisons, self.changing, self.zones, self.registries = [], [], [], []
        self.visible = self.published = self.alone = self.writes = self.watchers = self.expiry = None
        self.schedulers = self.state_read = self.policies = self.reactions = self.probing = self.shares = self.forward = None
        self.warnings, self.failures, self.raised = [], [], {}

    def head(self):
        m = self.machine
        print(f"# muster benchmark, {m['date']}\n")
        print(f"- {m['cpu']}, {m['cores']} cores, {m['memory_gib']} GiB, Linux {m['kernel']}, governor {m['governor']}, "
              f"load average {m['load_average']}")
        for name in self.options.servers:
            if name in servers.PEERS:
                print(f"- {name}: {servers.version_of(name)}")
        threads = "one UDP thread" if self.options.threads == 1 else f"{self.options.threads} UDP threads"
        print(f"- servers on core {self.options.server_cpu} with {threads}, generator on core "
              f"{self.options.generator_cpu}, loopback; {self.options.rounds} rounds of {self.options.seconds:g} s, "
              f"interleaved; {self.options.outstanding} queries outstanding; figures: median (min–max)\n", flush=True)

    def run(self):
        wanted = scenarios(self.options)
        if wanted:
            print("## Queries\n", flush=True)
        for scenario in wanted:
            self._queries(Comparison(scenario, self.options))
        if self.options.changes:
            self._part("Change → visible", self._changes)
        if self.options.writes:
            self._part("Writes", self._writes)
        if self.options.watchers:
            self._part("Watchers", self._watchers)
            self._part("Expiry", self._expiry)
        if self.options.schedulers:
            self._part("Schedulers", self._schedulers)
        if self.options.reactions:
            self._part("Reactions", self._reactions)
        if self.options.probes:
            self._part("Probes", self._probes)
        if self.options.shares:
            self._part("Shares", self._shares)
        if self.options.policies:
            self._part("Policies", self._policies)
        if self.options.forward:
            self._part("Names of others", self._forward)
        if self.options.load:
            self._part("Memory, load, restart", self._sizes)

    def _queries(self, comparison):
        comparison.run()
        self.comparisons.append(comparison)
        self._collect(comparison)
        print(comparison.text(), flush=True)

    def _collect(self, part):
        self.warnings += getattr(part, "warnings", [])
        self.failures += getattr(part, "failures", [])
        self.raised.update(getattr(part, "raised", {}))

    def _part(self, title, body):
        print(f"## {title}\n", flush=True)
        try:
            body()
        except (process.Failed, OSError) as failure:
            self.failures.append(f"{title}: {failure}")
            print(f"failed: {failure}\n", flush=True)

    def _changes(self):
        self.visible = ChangeToVisible(self.options)
        self.visible.run()
        self._collect(self.visible)
        print(self.visible.text() + "\n", flush=True)
        for services in self.options.change_services:
            part = Changing(self.options, services)
            part.run()
            self.changing.append(part)
            self._collect(part)
            print(part.text() + "\n", flush=True)
        if is_built(self.options.publish_bench):
            published = Published(self.options.publish_bench, self.options.server_cpu)
            published.run()
            self.published = published
            print(published.text() + "\n", flush=True)

    def _writes(self):
        self.writes = Writes(self.options)
        self.writes.run()
        self._collect(self.writes)
        print(self.writes.text() + "\n", flush=True)

    def _watchers(self):
        self.watchers = Watchers(self.options)
        self.watchers.run()
        self._collect(self.watchers)
        print(self.watchers.text() + "\n", flush=True)

    def _expiry(self):
        self.expiry = Expiry(self.options)
        self.expiry.run()
        self._collect(self.expiry)
        print(self.expiry.text() + "\n", flush=True)

    def _reactions(self):
        self.reactions = Reactions(self.options)
        self.reactions.run()
        print(self.reactions.text() + "\n", flush=True)

    def _probes(self):
        self.probing = Probing(self.options)
        self.probing.run()
        print(self.probing.text() + "\n", flush=True)

    def _shares(self):
        self.shares = Shares(self.options)
        self.shares.run()
        self._collect(self.shares)
        print(self.shares.text() + "\n", flush=True)

    def _policies(self):
        self.policies = PolicyCosts(self.options)
        self.policies.run()
        print(self.policies.text() + "\n", flush=True)

    def _forward(self):
        self.forward = ForwardCosts(self.options)
        self.forward.run()
        self._collect(self.forward)
        print(self.forward.text() + "\n", flush=True)

    def _schedulers(self):
        self.schedulers = Schedulers(self.options)
        self.schedulers.run()
        print(self.schedulers.text() + "\n", flush=True)
        if is_built(self.options.state_bench):
            self.state_read = StateRead(self.options.state_bench, self.options.server_cpu)
            self.state_read.run()
            print(self.state_read.text() + "\n", flush=True)

    def _sizes(self):
        for services in self.options.load_services:
            part = ZoneSize(self.options, services)
            part.run()
            self.zones.append(part)
            self._collect(part)
            print(part.text() + "\n", flush=True)
        for instances in self.options.load_instances:
            part = RegistrySize(self.options, instances)
            part.run()
            self.registries.append(part)
            self._collect(part)
            print(part.text() + "\n", flush=True)
        if is_built(self.options.publish_bench):
            self.alone = RegistryAlone(self.options.publish_bench, self.options.server_cpu)
            self.alone.run()
            print(self.alone.text() + "\n", flush=True)

    def targets(self):
        return (targets.query_targets(self.comparisons) + targets.latency_targets(self.comparisons) +
                targets.change_targets(self.visible) + targets.changing_targets(self.changing) +
                targets.published_targets(self.published) + targets.write_targets(self.writes) +
                targets.watch_targets(self.watchers, self.expiry) +
                targets.forward_targets(self.forward) + targets.policy_targets(self.policies) + targets.reaction_targets(self.reactions) +
                targets.probe_targets(self.probing) + targets.share_targets(self.shares) +
                targets.scheduler_targets(self.schedulers) + targets.state_targets(self.state_read) +
                targets.size_targets(self.zones, self.registries, self.alone))

    def tail(self, busy):
        judged = self.targets()
        print(f"## Targets\n\n{targets.text(judged)}\n\nBusy elsewhere: {busy:.2f} of the machine. "
              f"Never measured here: {', '.join(UNMEASURED)}.")
        if self.raised:
            print("Limits of musterd raised: " + ", ".join(f"{k}={v}" for k, v in self.raised.items()))
        if busy > BUSY_BAR:
            self.warnings.append(f"{busy:.2f} of the machine was busy with other things: times and rates are worse "
                                 "than the servers', ratios hold better")
        for warning in self.warnings:
            print(f"warning: {warning}")
        for failure in self.failures:
            print(f"failed: {failure}", file=sys.stderr)
        return judged

    def raw(self, busy, judged):
        return {
            "machine": self.machine, "busy_elsewhere": busy, "raised": self.raised,
            "queries": [{"scenario": c.scenario.row(), "answers": c.found, "rounds": c.rounds}
                        for c in self.comparisons],
            "visible": self.visible.rounds if self.visible else None,
            "changing": [part.raw() for part in self.changing],
            "registry_octets": self.alone.octets.values if self.alone and self.alone.octets else None,
            "published_per_s": self.published.rate.values if self.published else None,
            "writes": self.writes.rounds if self.writes else None,
            "paced_heartbeats": self.writes.paced if self.writes else None,
            "watchers": self.watchers.rounds if self.watchers else None,
            "expiry": self.expiry.counts if self.expiry else None,
            "policies": {f"{what}, {policy}": ratio.values for (what, policy), ratio in self.policies.ratios.items()}
                        if self.policies else None,
            "probes": self.probing.raw() if self.probing else None,
            "forward": vars(self.forward) | {"options": None} if self.forward else None,
            "shares": self.shares.found if self.shares else None,
            "schedulers": {f"{label}: {figure}": values for (label, figure), values in self.schedulers.rows.items()}
                          if self.schedulers else None,
            "zones": [{"services": z.services, "servers": z.rows} for z in self.zones],
            "registries": [{"instances": r.instances, "octets": r.octets and r.octets.values,
                            "restarts": r.restarts and r.restarts.values,
                            "restart_cpu": r.restart_cpu and r.restart_cpu.values} for r in self.registries],
            "targets": [t.row() for t in judged],
        }


def main(arguments=None):
    options = read_options(arguments)
    # Ends like Ctrl-C, so that the servers are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    elsewhere = Elsewhere()
    report = Report(options)
    printed = Printed(sys.stdout)
    with contextlib.redirect_stdout(printed):
        report.head()
        report.run()
        busy = elsewhere.share()
        judged = report.tail(busy)
    if options.markdown:
        with open(options.markdown, "w") as out:
            out.write(printed.text())
    if options.json:
        with open(options.json, "w") as out:
            json.dump(report.raw(busy, judged), out, indent=1)
    if report.failures:
        return 1
    return 3 if options.gate and any(t.missed for t in judged) else 0
