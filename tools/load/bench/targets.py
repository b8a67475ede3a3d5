"""The figures that musterd is held to, and which of them a run could judge."""
from .judge import Target
from .tables import table


def query_targets(comparisons):
    targets = []
    by_key = {c.scenario.key: c for c in comparisons if c.scenario.key}

    def ratio(services, distribution, edns, other):
        comparison = by_key.get((services, distribution, edns, "udp"))
        return comparison.ratio("musterd", other) if comparison else None

    def add(text, bar, key, other, kind="must"):
        targets.append(Target(text, bar, ratio(*key, other), f"× {other}", kind=kind))

    small, large = (1000, "uniform", False), (100_000, "uniform", False)
    add("CPU a query, 1,000 services", 1.20, small, "limit")
    add("CPU a query, 1,000 services", 0.80, small, "knotd", "release")
    add("CPU a query, 1,000 services", 1.00, small, "gdnsd", "aim")
    add("CPU a query, 100,000 services", 1.00, large, "knotd")
    add("CPU a query, 100,000 services", 0.60, large, "knotd", "release")
    add("CPU a query, 100,000 services", 1.60, large, "limit", "release")
    add("CPU a query, 100,000 services", 0.85, large, "gdnsd", "aim")
    add("CPU a query, 100,000 services, Zipf, EDNS", 0.60, (100_000, "zipf", True), "knotd", "release")
    return targets


def latency_targets(comparisons):
    """At a fixed rate; the limit stands for what the machine allows."""
    paced = [c for c in comparisons if c.scenario.how not in ("udp", "tcp")]
    if not paced:
        return [Target("p50 at a fixed rate", 1.10, None, "× limit", kind="release"),
                Target("p99 at a fixed rate", 1.00, None, "× knotd", kind="release")]
    return [target for c in paced for target in (
        Target(f"p50 at {c.scenario.how:,.0f} queries a second", 1.10, c.ratio("musterd", "limit", "p50_us"), "× limit",
               kind="release"),
        Target(f"p99 at {c.scenario.how:,.0f} queries a second", 1.00, c.ratio("musterd", "knotd", "p99_us"), "× knotd",
               kind="release"))]


def changing_targets(parts):
    """Of the largest fleet that was changed."""
    part = max(parts, key=lambda p: p.services, default=None)

    def of(figure, *arguments):
        return getattr(part, figure)(*arguments) if part else None

    return [
        Target("sustained single changes, store off, against BIND", 10, of("times_of", "named", "64 outstanding"), "×",
               more_is_better=True),
        Target("sustained single changes, store off", 15_000, of("rate", "64 outstanding"), "/s", 0, more_is_better=True),
        Target("CPU a single change", 20, of("cpu", "64 outstanding"), "µs"),
        Target("changes in messages of 100", 100_000, of("rate", "100 a message"), "/s", 0, more_is_better=True),
        Target("CPU a query during 1,000 changes a second", 1.10, of("growth", "cpu_us"), "× without"),
        Target("the same", 1.05, of("growth", "cpu_us"), "× without", kind="aim"),
        Target("p99 of queries during 1,000 changes a second", 1.10, of("growth", "p99_us"), "× without"),
    ]


def change_targets(visible):
    labels = ("1,000 services", "100,000 services", "inside a service of 1,000 members")
    targets = []
    for label in labels:
        p50, p99 = ((visible.figure(label, f"visible_{p}_us") if visible else None) for p in ("p50", "p99"))
        targets += [Target(f"change → visible, {label}, p50", 1, p50, "ms", 3),
                    Target(f"change → visible, {label}, p99", 5, p99, "ms", 3)]
    return targets


def write_targets(writes):
    def rate(label):
        return writes.rate(label) if writes else None

    def most(text, bar, label):
        return Target(text, bar, rate(label), "/s", 0, more_is_better=True)

    durable = "durable registrations, 64 connections"
    return [
        most("single weight changes a second, 100,000 services", 15_000, "weight changes, pipelined"),
        Target("CPU a weight change", 20, writes.cpu("weight changes, pipelined") if writes else None, "µs"),
        most("durable registrations a second, 16 connections", 3000, "durable registrations, 16 connections"),
        most("durable registrations a second, 64 clients", 5000, durable),
        Target("their reply, p50", 12, writes.reply(durable, "p50_us") if writes else None, "ms"),
        Target("their reply, p99", 100, writes.reply(durable, "p99_us") if writes else None, "ms"),
        most("heartbeats a second, batches of 100", 100_000, "heartbeats, batches of 100"),
        most("heartbeats a second, batches of 1,000, one core", 200_000, "heartbeats, batches of 1,000"),
        most("heartbeats a second, one by one, 16 connections", 20_000, "heartbeats one by one, 16 connections"),
        Target("share of a core at 10,000 batched heartbeats a second", 25, writes.share() if writes else None, "%", 1),
        Target("octets written to disk meanwhile", 0, writes.written() if writes else None, "", 0),
    ]


def watch_targets(watchers, expiry):
    last = watchers.figure("last_p50_ms") if watchers else None
    late = "leases end after their deadline, within"
    return [
        Target("1,000 watchers of a change, last one told after", 50, last, "ms", 1),
        Target("the same, finer bar", 15, last, "ms", 1, kind="aim"),
        Target(late, 100, expiry.within(1) if expiry else None, "ms", 0),
        Target(late + " (99 %)", 20, expiry.within(0.99) if expiry else None, "ms", 0, kind="aim"),
    ]


def size_targets(zones, registries):
    zone = next((z for z in zones if z.services == 1_000_000), None)
    by_size = {r.services * 3 // 1000: r for r in registries}
    hundred = by_size.get(99) or by_size.get(100)
    million = by_size.get(999) or by_size.get(1000)
    load = next((z for z in zones if z.services == 100_000), None)
    return [
        Target("octets a record, 1,000,000 services from a master file", 180,
               zone.figure("octets_per_record") if zone else None, "", 1),
        Target("CPU to load 100,000 services, against knotd", 1.0,
               load.figure("cpu_s").ratio(load.figure("cpu_s", "knotd"))
               if load and "knotd" in load.rows and "musterd" in load.rows else None, "×"),
        Target("octets an instance in the registry", 1536, (million or hundred).octets if million or hundred else None,
               "", 0),
        Target("restart with 100,000 instances to the first right answer", 1,
               hundred.restarts if hundred else None, "s"),
        Target("the same, finer bar", 0.5, hundred.restarts if hundred else None, "s"),
        Target("restart with 1,000,000 instances", 6, million.restarts if million else None, "s"),
    ]


def text(targets):
    return table(["target", "kind", "bar", "measured", "verdict"], [t.row() for t in targets])
