"""The figures that musterd is held to, and which of them a run could judge. Three lists: `performance`, what it was begun
with; `registry`, of leases, heartbeats and the store; `issue`, the sharper bars that the present work is held to."""
from .judge import Target
from .probing import CHECKS, WAYS
from .shares import CASES, CRITICAL
from .tables import table


PERFORMANCE, REGISTRY, ISSUE, SCHEDULERS, SELECTION = "performance", "registry", "issue", "schedulers", "selection"
FORWARDING = "forwarding"


def query_targets(comparisons):
    targets = []
    by_key = {c.scenario.key: c for c in comparisons if c.scenario.key}

    def ratio(key, other):
        comparison = by_key.get(key)
        return comparison.ratio("musterd", other) if comparison else None

    def add(text, key, other, *bars):
        for of, kind, bar in bars:
            targets.append(Target(text, bar, ratio(key, other), f"× {other}", kind=kind, of=of))

    small, large = (1000, "uniform", False, "udp"), (100_000, "uniform", False, "udp")
    text = "CPU a query, 1,000 services"
    add(text, small, "limit", (ISSUE, "must", 1.12), (ISSUE, "aim", 1.08), (PERFORMANCE, "must", 1.20))
    add(text, small, "gdnsd", (ISSUE, "must", 1.03), (ISSUE, "aim", 1.00), (PERFORMANCE, "aim", 1.00))
    add(text, small, "knotd", (PERFORMANCE, "release", 0.80))
    text = "CPU a query, 100,000 services"
    add(text, large, "limit", (ISSUE, "must", 1.45), (ISSUE, "aim", 1.25), (PERFORMANCE, "release", 1.60))
    add(text, large, "gdnsd", (ISSUE, "must", 1.00), (PERFORMANCE, "aim", 0.85))
    add(text, large, "knotd", (ISSUE, "must", 0.60), (PERFORMANCE, "must", 1.00), (PERFORMANCE, "release", 0.60))
    add("CPU a query, 100,000 services, Zipf, EDNS", (100_000, "zipf", True, "udp"), "knotd",
        (PERFORMANCE, "release", 0.60))
    tcp = next((c for c in comparisons if c.scenario.key and c.scenario.how == "tcp"), None)
    add("CPU a query over kept TCP connections", tcp.scenario.key if tcp else None, "knotd",
        (ISSUE, "must", 1.00), (ISSUE, "aim", 0.70))
    return targets


def latency_targets(comparisons):
    """At a fixed rate; the limit stands for what the machine allows."""
    paced = [c for c in comparisons if c.scenario.how not in ("udp", "tcp")]
    if not paced:
        return [Target("p50 at a fixed rate", 1.10, None, "× limit", kind="release", of=PERFORMANCE),
                Target("p99 at a fixed rate", 1.00, None, "× knotd", kind="release", of=PERFORMANCE)]
    return [target for c in paced for target in (
        Target(f"p50 at {c.scenario.how:,.0f} queries a second", 1.10, c.ratio("musterd", "limit", "p50_us"), "× limit",
               kind="release", of=PERFORMANCE),
        Target(f"p99 at {c.scenario.how:,.0f} queries a second", 1.00, c.ratio("musterd", "knotd", "p99_us"), "× knotd",
               kind="release", of=PERFORMANCE))]


def changing_targets(parts):
    """Of the largest fleet that was changed."""
    part = max(parts, key=lambda p: p.services, default=None)

    def of(figure, *arguments):
        return getattr(part, figure)(*arguments) if part else None

    def most(text, bar, label, figure="rate", unit="/s"):
        return Target(text, bar, of(figure, label), unit, 0, more_is_better=True, of=PERFORMANCE)

    growth = of("growth", "cpu_us")
    during = "CPU a query during 1,000 changes a second"
    return [
        Target("sustained single changes, store off, against BIND", 10, of("times_of", "named", "64 outstanding"), "×",
               more_is_better=True, of=PERFORMANCE),
        most("sustained single changes, store off", 15_000, "64 outstanding"),
        Target("CPU a single change", 20, of("cpu", "64 outstanding"), "µs", of=PERFORMANCE),
        most("changes in messages of 100", 100_000, "100 a message", "rrsets", "RRsets/s"),
        Target(during, 1.10, growth, "× without", of=ISSUE),
        Target(during, 1.05, growth, "× without", kind="aim", of=ISSUE),
        Target(during, 1.10, growth, "× without", of=PERFORMANCE),
        Target("p99 of queries during 1,000 changes a second", 1.10, of("growth", "p99_us"), "× without", of=PERFORMANCE),
        Target("p99 of 20,000 queries a second during 1,000 changes a second", 1.10, of("latency_growth", "p99_us"), "× without",
               of=PERFORMANCE),
    ]


def change_targets(visible):
    def of(label, p):
        return visible.figure(label, f"visible_{p}_us") if visible else None

    targets = []
    for label in ("1,000 services", "100,000 services", "inside a service of 1,000 members"):
        targets += [Target(f"change → visible, {label}, p50", 1, of(label, "p50"), "ms", 3, of=PERFORMANCE),
                    Target(f"change → visible, {label}, p99", 5, of(label, "p99"), "ms", 3, of=PERFORMANCE)]
    million = "1,000,000 services"
    for p, kind, bar in (("p50", "must", 0.3), ("p50", "aim", 0.1), ("p99", "must", 2)):
        targets.append(Target(f"change → visible, {million}, {p}", bar, of(million, p), "ms", 3, kind=kind, of=ISSUE))
    return targets


def published_targets(published):
    """In process: applied and published, one change a batch."""
    text = "single changes applied and published in process, 100,000 services"
    rate = published.rate if published else None
    return [Target(text, 50_000, rate, "/s", 0, more_is_better=True, of=ISSUE),
            Target(text, 200_000, rate, "/s", 0, more_is_better=True, kind="aim", of=ISSUE)]


def write_targets(writes):
    def rate(label):
        return writes.rate(label) if writes else None

    def most(text, bar, label, of=REGISTRY, kind="must"):
        return Target(text, bar, rate(label), "/s", 0, more_is_better=True, of=of, kind=kind)

    changes = "weight changes, pipelined"
    durable = "durable registrations, 64 connections"
    return [
        most("single changes through pipelined HTTP, 100,000 services", 20_000, changes, of=ISSUE),
        most("single weight changes a second, 100,000 services", 15_000, changes, of=PERFORMANCE),
        Target("CPU a weight change", 20, writes.cpu(changes) if writes else None, "µs", of=PERFORMANCE),
        most("durable registrations a second, 16 connections", 3000, "durable registrations, 16 connections"),
        most("durable registrations a second, 64 clients", 5000, durable),
        Target("their reply, p50", 12, writes.reply(durable, "p50_us") if writes else None, "ms", of=REGISTRY),
        Target("their reply, p99", 100, writes.reply(durable, "p99_us") if writes else None, "ms", of=REGISTRY),
        most("heartbeats a second, batches of 100", 100_000, "heartbeats, batches of 100"),
        most("heartbeats a second, batches of 1,000, one core", 200_000, "heartbeats, batches of 1,000"),
        most("heartbeats a second, one by one, 16 connections", 20_000, "heartbeats one by one, 16 connections"),
        Target("share of a core at 10,000 batched heartbeats a second", 25, writes.share() if writes else None, "%", 1, of=REGISTRY),
        Target("octets written to disk meanwhile", 0, writes.written() if writes else None, "", 0, of=REGISTRY),
    ]


def watch_targets(watchers, expiry):
    last = watchers.figure("last_p50_ms") if watchers else None
    late = "leases end after their deadline, within"
    return [
        Target("1,000 watchers of a change, last one told after", 50, last, "ms", 1, of=REGISTRY),
        Target("the same, finer bar", 15, last, "ms", 1, kind="aim", of=REGISTRY),
        Target(late, 100, expiry.within(1) if expiry else None, "ms", 0, of=REGISTRY),
        Target(late + " (99 %)", 20, expiry.within(0.99) if expiry else None, "ms", 0, kind="aim", of=REGISTRY),
    ]


def forward_targets(forward):
    def of(figure):
        return getattr(forward, figure)() if forward else None

    return [Target("a name of others from the cache", 1.25, of("hit"), "× one of our own", of=FORWARDING),
            Target("a name that an upstream is asked for", 20, of("miss"), "CPU µs", 1, of=FORWARDING),
            Target("one of our own while 10,000 wait for an upstream", 1.05, of("beside_pending"), "× alone", of=FORWARDING)]


def policy_targets(policies):
    def worst(text, what, bar):
        return Target(text, bar, policies.worst(what) if policies else None, "× all", of=SELECTION)

    return [worst("a query that chooses one, the dearest policy", "1 record", 1.10),
            worst("a query of 4 records, the dearest policy", "4 records", 1.10),
            worst("a query of 16 records, the dearest policy", "16 records", 1.25),
            Target("choosing 1 of 10,000 beside 1 of 10, the dearest policy", 1.10,
                   policies.worst("1 of 10,000 beside 1 of 10") if policies else None, "×", of=SELECTION)]


def reaction_targets(reactions):
    gone, back = reactions.beyond() if reactions else (None, None)
    return [Target("an instance that fails is gone from the answers, the slowest way", 1, gone, "× its bar", of=SELECTION),
            Target("and back, the slowest way", 1, back, "× its bar", of=SELECTION)]


def probe_targets(probing):
    def core(name):
        return probing.core(name) if probing else None

    def seen(way):
        return probing.percentile(way, 99) if probing else None

    return ([Target(f"1,000 instances looked at every second by {name}", 20, core(name), "% of a core", 1, of=SELECTION)
             for name in CHECKS] +
            [Target(f"{way} → visible, p99", 50, seen(way), "ms", of=SELECTION) for way in WAYS])


def share_targets(shares):
    def deviation(case):
        return shares.deviation(case) if shares else None

    return [Target(f"shares against weights: {case.text}", CRITICAL, deviation(case), "χ²", 1, of=SELECTION)
            for case in CASES if case.holds]


def scheduler_targets(schedulers):
    def figure(label, name):
        return schedulers.figure(label, name) if schedulers else None

    rows = [
        ("CPU of a poll of 10,000 Mesos tasks", 150, "mesos, polled", "poll_ms", "ms"),
        ("the same, with a task more", 150, "mesos, polled", "changed_ms", "ms"),
        ("a task more → visible, Mesos' stream", 100, "mesos, streamed", "visible_ms", "ms"),
        ("the same, Marathon's events", 300, "marathon", "visible_ms", "ms"),
        ("the same, in a storm of them", 800, "marathon", "storm_ms", "ms"),
        ("resident with 10,000 tasks of Mesos", 95.4, "mesos, polled", "resident_mib", "MiB"),
        ("resident with 10,000 tasks of Marathon", 95.4, "marathon", "resident_mib", "MiB"),
        ("10,000 tasks of Mesos, more than none", 64, "mesos, streamed", "more_mb", "MB"),
    ]
    return [Target(text, bar, figure(label, name), unit, 1 if unit == "MB" else 0, of=SCHEDULERS) for text, bar, label, name, unit in rows]


def state_targets(read):
    """Of a /master/state of 54 MB or more."""
    def figure(running, name):
        return read.figure(running, name) if read else None

    text = "reading 54 MB of Mesos' state"
    return [Target(f"CPU of {text}, 10,000 of 60,000 tasks running", 300, figure(10_000, "real_time"), "ms", 0, of=SCHEDULERS),
            Target(f"CPU of {text}, all of them running", 300, figure(60_000, "real_time"), "ms", 0, of=SCHEDULERS),
            Target(f"memory of {text}, what is known then included", 32, figure(10_000, "megabytes"), "MB", 1, of=SCHEDULERS)]


def size_targets(zones, registries, alone=None):
    zone = next((z for z in zones if z.services == 1_000_000), None)
    by_size = {r.services * 3 // 1000: r for r in registries}
    hundred = by_size.get(99) or by_size.get(100)
    million = by_size.get(999) or by_size.get(1000)
    load = next((z for z in zones if z.services == 100_000), None)
    record = zone.figure("octets_per_record") if zone else None
    weight = "octets a record, 1,000,000 services from a master file"
    spent = load.figure("cpu_s") if load else None
    both = load and "knotd" in load.rows and "musterd" in load.rows
    return [
        Target(weight, 160, record, "", 1, of=ISSUE),
        Target(weight, 120, record, "", 1, kind="aim", of=ISSUE),
        Target(weight, 180, record, "", 1, of=PERFORMANCE),
        Target("CPU to load 100,000 services, 900,000 records", 1.2, spent, "s", of=ISSUE),
        Target("the same, against knotd", 1.0, spent.ratio(load.figure("cpu_s", "knotd")) if both else None, "×",
               of=PERFORMANCE),
        Target("octets an instance in the registry", 1536, alone.octets if alone else None, "", 0, of=REGISTRY),
        Target("restart with 100,000 instances to the first right answer", 1,
               hundred.restarts if hundred else None, "s", of=REGISTRY),
        Target("the same, finer bar", 0.5, hundred.restarts if hundred else None, "s", of=REGISTRY),
        Target("restart with 1,000,000 instances", 6, million.restarts if million else None, "s", of=REGISTRY),
    ]


def text(targets):
    return table(["target", "list", "kind", "bar", "measured", "verdict"], [t.row() for t in targets])
